// Models: every file of every kind as a card; found by words, used by a click.
import { get, patch } from "./api.js";
import { chooseModel } from "./desks.js";
import { h, iconButton, newId, say } from "./dom.js";
import { definitionSheet } from "./definitions.js";
import { choice } from "./fields.js";
import { Form } from "./form.js";
import { knownSheet } from "./known.js";
import { blank, cardOf, familyName, quiet, titleOf } from "./models_card.js";
import { diskSheet } from "./models_disk.js";
import { emptyPart } from "./models_empty.js";
import { downloadSheet } from "./models_forms.js";
import { workPart } from "./models_jobs.js";
import { convertSheet, mergeSheet } from "./models_making.js";
import { modelPages } from "./models_pages.js";
import { addEmbedding, addLora } from "./models_prompt.js";
import { modelSheet } from "./models_sheet.js";
import { cardWindow } from "./models_window.js";
import { notice } from "./notice.js";
import { followOffers, refreshOffers } from "./offers.js";
import { segments } from "./segments.js";
import { showTab } from "./send.js";
import { bytes, t, tn, word } from "./text.js";

const KINDS = ["all", "checkpoint", "lora", "embedding", "vae", "upscaler", "controlnet"];
const UNKNOWN = "-"; // of the families: those of which it is not known
const TYPING = 200; // milliseconds after the last letter

export function mount({ element, props }) {
  let standard = null; // the default model
  const pages = modelPages(() => show());
  const isDefault = entry => entry.kind === "checkpoint" && entry.name === standard;
  const sheet = modelSheet({
    isDefault,
    use,
    makeDefault: entry => makeDefault(entry),
    onChange: () => pages.reload(),
    redefine: entry => definition.open(entry),
    onDeleted: () => {
      refreshOffers();
      return pages.reload(true).then(grid.focus);
    },
  });
  const card = index => {
    const entry = pages.entry(index);
    if (!entry) return { key: "", content: blank };
    const given = {
      isDefault: isDefault(entry),
      act: actOf(entry),
      size: bytes(entry.bytes),
      open: () => sheet.open(pages.entry(index) ?? entry),
    };
    return { key: JSON.stringify([entry, given.isDefault]), content: () => cardOf(entry, given) };
  };
  const grid = cardWindow({ label: t("ui.models.list"), card, want: pages.want });
  const ask = question => {
    grid.toStart();
    pages.ask(question);
  };
  const find = findPart(props.orders, ask, () => pages.reload(true).then(refreshOffers));
  const empty = emptyPart(find.clear);
  const problems = h("ul.problems", { role: "status" });
  const head = h("div.models-head", {}, h("h2.unseen", {}, t("ui.tab.models")), find.element);
  const made = () => refreshOffers().then(() => pages.reload(true));
  const download = downloadSheet(props.download, made);
  const merge = mergeSheet(props.merge, props.blocks, made);
  const convert = convertSheet(props.convert, made);
  const definition = definitionSheet(props.settings, made);
  const known = knownSheet(made);
  const disk = diskSheet(made);
  const bar = h(
    "div.models-bar",
    {},
    find.count,
    quiet("ui.models.download", download.open),
    quiet("ui.models.merge", merge.open),
    quiet("ui.convert.open", convert.open),
    quiet("ui.known.open", known.open),
    quiet("ui.definition.open", () => definition.open()),
    quiet("ui.disk.open", disk.open),
  );
  element.replaceChildren(
    h("div.models-page", {}, head, bar, workPart(), problems, empty.element, grid.element),
  );

  const show = () => {
    const page = pages.page();
    find.tell(page);
    const told = [pages.problem(), ...(page?.problems ?? []).map(one => word(one))].filter(Boolean);
    problems.replaceChildren(...told.map(one => h("li.problem", {}, one)));
    empty.show(page, pages.question());
    grid.setCount(page?.total ?? 0);
  };
  followOffers(offers => {
    standard = offers.default_model;
    grid.show();
    sheet.refresh();
  });
  addEventListener("focus", () => grid.element.clientWidth && pages.reload());
  document.getElementById("tab-models-button")?.addEventListener("click", () => pages.reload());
  pages.ask(find.question());
}

/** What is mostly wanted of a model, as a button on its card. */
function actOf(entry) {
  if (entry.problem) return null;
  const acts = {
    checkpoint: { label: t("ui.models.use"), run: () => use(entry) },
    lora: { label: t("ui.models.add"), run: () => addLora(entry) },
    embedding: { label: t("ui.models.add"), run: () => addEmbedding(entry) },
  };
  return acts[entry.kind] ?? null;
}

async function use(entry) {
  await refreshOffers(); // a new file is in the menus now
  const undo = chooseModel(entry.name);
  showTab("txt2img");
  notice(t("ui.model.applied", { title: titleOf(entry) }), { undo });
}

async function makeDefault(entry) {
  const { default_model: before } = await get("/settings");
  const set = async name => {
    await patch("/settings", { default_model: name });
    await refreshOffers();
  };
  await set(entry.name);
  notice(t("ui.models.is_default", { title: titleOf(entry) }), { undo: () => set(before) });
}

/** Kind, words, family, order. */
function findPart(orders, onQuestion, onRefresh) {
  const form = new Form("models");
  const kind = segments({
    name: "kind",
    label: "ui.models.kind",
    quiet: true,
    default: "all",
    choices: KINDS.map(value => ({ value, label: [t(`ui.models.of.${value}`), h("small")] })),
  });
  const any = { value: null, label: t("ui.models.family.any") };
  const family = choice({ name: "family", label: "ui.models.family", choices: [any] });
  const sort = choice({
    name: "sort",
    label: "ui.models.sort",
    default: "name",
    choices: orders.map(value => ({ value, label: t(`ui.models.sort.${value}`) })),
  });
  const id = newId();
  const placeholder = t("ui.models.search.hint");
  const box = h("input", { type: "search", id, maxlength: 500, autocomplete: "off", placeholder });
  const row = h("div.row", {}, box, iconButton("refresh", t("ui.models.refresh"), onRefresh));
  const search = h("div.field.search", {}, h("label", { for: id }, t("ui.models.search")), row);
  const count = h("p.count", { role: "status" });
  let timer = 0;

  const question = () => ({
    kind: kind.read() === "all" ? null : kind.read(),
    search: box.value.trim(),
    family: family.read() === UNKNOWN ? "" : family.read(),
    sort: sort.read(),
  });
  const ask = () => {
    clearTimeout(timer);
    onQuestion(question());
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING);
  });
  const element = h("div.find", {}, form.add(kind), search, form.add(family), form.add(sort));
  form.onChange(name => {
    if (name === "kind" && family.read()) form.reset(["family"]); // another kind has other families
    else ask();
  });
  const clear = () => {
    box.value = "";
    form.reset(["kind", "family"]);
    box.focus();
  };
  const tell = page => {
    if (!page) return;
    const families = Object.entries(page.families).sort(([a], [b]) => a.localeCompare(b));
    family.offer([any, ...families.map(familyChoice)]);
    const all = Object.values(page.kinds).reduce((sum, one) => sum + one, 0);
    kind.control.querySelectorAll("label").forEach((label, i) => {
      say(label.querySelector("small"), String((i ? page.kinds[KINDS[i]] : all) ?? 0));
    });
    say(count, [tn("ui.models.count", page.total), page.whole ? "" : t("ui.models.reading")].join(" "));
  };
  return { element, count, question, clear, tell };
}

const familyChoice = ([family, count]) => ({
  value: family || UNKNOWN,
  label: `${family ? familyName(family) : t("ui.models.family.none")} (${count})`,
});
