// Models: every file of every kind as a card; found by words, used by a click.
import { get, patch } from "./api.js";
import { chooseModel } from "./desks.js";
import { h } from "./dom.js";
import { definitionSheet } from "./definitions.js";
import { knownSheet } from "./known.js";
import { blank, cardOf, quiet, titleOf } from "./models_card.js";
import { diskSheet } from "./models_disk.js";
import { emptyPart } from "./models_empty.js";
import { findPart } from "./models_find.js";
import { downloadSheet } from "./models_forms.js";
import { workPart } from "./models_jobs.js";
import { convertSheet, mergeSheet } from "./models_making.js";
import { modelPages } from "./models_pages.js";
import { addEmbedding, addLora } from "./models_prompt.js";
import { selectPart } from "./models_select.js";
import { modelSheet } from "./models_sheet.js";
import { cardWindow } from "./models_window.js";
import { notice } from "./notice.js";
import { followOffers, refreshOffers } from "./offers.js";
import { showTab } from "./send.js";
import { bytes, t, word } from "./text.js";

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
      chosen: select.isOn() ? select.has(entry) : null,
      open: () => (select.isOn() ? select.toggle(entry) : sheet.open(pages.entry(index) ?? entry)),
    };
    return { key: JSON.stringify([entry, given.isDefault, given.chosen]), content: () => cardOf(entry, given) };
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
  const select = selectPart({
    asked: pages.question,
    onChange: () => grid.show(),
    changed: () => refreshOffers().then(() => pages.reload(true)),
  });
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
    select.start,
  );
  element.replaceChildren(
    h("div.models-page", {}, head, bar, select.element, workPart(), problems, empty.element, grid.element),
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
