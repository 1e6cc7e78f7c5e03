// What is looked for among the models: kind, words, family, order.
import { h, iconButton, newId, say } from "./dom.js";
import { choice } from "./fields.js";
import { Form } from "./form.js";
import { familyName } from "./models_card.js";
import { segments } from "./segments.js";
import { t, tn } from "./text.js";

const COMMON = ["all", "checkpoint", "lora", "embedding", "vae", "upscaler", "controlnet"];
const KINDS = [...COMMON, "ip_adapter", "text_encoder"]; // the rarer ones where there are some
const UNKNOWN = "-"; // of the families: those of which it is not known
const TYPING = 200; // milliseconds after the last letter

/** onQuestion(question) is called when it is another one. */
export function findPart(orders, onQuestion, onRefresh) {
  const form = new Form("models");
  const kind = segments({
    name: "kind",
    label: "ui.models.kind",
    quiet: true,
    default: "all",
    choices: KINDS.map(value => ({ value, label: [t(`ui.models.of.${value}`), h("small")] })),
  });
  const kinds = [...kind.control.querySelectorAll("label")];
  for (const rare of kinds.slice(COMMON.length)) rare.hidden = true;
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
    kinds.forEach((label, i) => {
      const many = (i ? page.kinds[KINDS[i]] : all) ?? 0;
      if (many) label.hidden = false;
      say(label.querySelector("small"), String(many));
    });
    say(count, [tn("ui.models.count", page.total), page.whole ? "" : t("ui.models.reading")].join(" "));
  };
  return { element, count, question, clear, tell };
}

const familyChoice = ([family, count]) => ({
  value: family || UNKNOWN,
  label: `${family ? familyName(family) : t("ui.models.family.none")} (${count})`,
});
