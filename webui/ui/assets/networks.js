// Below a prompt: the LoRAs and embeddings that it names, each with its weight and a button that
// takes it out. They are read from the text and written into it; the text is the truth.
import { post } from "./api.js";
import { arrange, h, icon, iconButton } from "./dom.js";
import { number } from "./fields.js";
import { networkPicker } from "./networks_picker.js";
import { itemsIn, weighed, without } from "./networks_text.js";
import { notice } from "./notice.js";
import { t, word } from "./text.js";

const PAUSE = 250; // milliseconds after the last change
const TEXTS = ["prompt", "negative_prompt"];
const RANGE = { lora: [-1, 2, 0.05], embedding: [0, 2, 0.05] };

/** Rows for both texts of a form: { prompt, negative_prompt }, elements. model(): the chosen one. */
export function networkRows(form, model) {
  const known = new Map(); // "field lora name" -> what the server says of it
  let asked = "";
  let timer = 0;
  const keyOf = (field, kind, name) => `${field} ${kind} ${name.toLowerCase()}`;
  const learned = field =>
    [...known.values()].filter(one => one.kind === "embedding" && one.field === field).map(one => one.name);
  const itemsOf = field => itemsIn(form.value(field) ?? "", learned(field)).filter(one => shown(field, one));
  const rows = TEXTS.map(field => rowsOf(form, field, { itemsOf, about: (kind, name) => known.get(keyOf(field, kind, name)) }));
  const picker = networkPicker(form, { model, itemsOf });
  const open = h("button.pick", { type: "button", onclick: picker.open, "aria-haspopup": "dialog" }, icon("plus"), t("ui.networks.open"));
  rows[0].element.append(open);

  const show = () => {
    for (const one of rows) one.show();
    picker.show();
  };
  const ask = async () => {
    const texts = Object.fromEntries(TEXTS.map(field => [field, form.value(field) ?? ""]));
    const question = JSON.stringify(texts);
    if (question === asked) return;
    asked = question;
    const answer = await post("/named-models", texts).catch(() => null);
    if (asked !== question) return;
    if (!answer) return void (asked = ""); // with the next change again
    known.clear();
    for (const one of answer.models) known.set(keyOf(one.field, one.kind, one.name), one);
    show();
  };
  form.onChange(() => {
    show();
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  addEventListener("focus", () => (asked = "")); // files may have come since
  show();
  ask();
  return Object.fromEntries(TEXTS.map((field, i) => [field, rows[i].element]));
}

/** In a negative prompt a tag of a LoRA is text. */
const shown = (field, item) => field === "prompt" || item.kind === "embedding";

function rowsOf(form, field, { itemsOf, about }) {
  const list = h("ul.networks", { "aria-label": t(`ui.networks.${field}`) });
  const element = h("div.networks-of", {}, list);
  const rows = new Map();

  const show = () => {
    const seen = new Map();
    const now = itemsOf(field).map(item => {
      const name = `${item.kind} ${item.name.toLowerCase()}`;
      const nth = seen.get(name) ?? 0;
      seen.set(name, nth + 1);
      return { key: `${name} ${nth}`, item };
    });
    const keys = new Set(now.map(one => one.key));
    for (const key of rows.keys()) if (!keys.has(key)) rows.delete(key);
    for (const { key, item } of now) if (!rows.has(key)) rows.set(key, rowOf(item, actsOf(key)));
    for (const { key, item } of now) rows.get(key).show(item, about(item.kind, item.name));
    arrange(list, now.map(one => rows.get(one.key).element));
    list.hidden = !now.length;
  };
  /** What is done to the item of this name, wherever in the text it stands by then. */
  const actsOf = key => {
    const find = () => {
      const [kind, nth] = [key.split(" ")[0], Number(key.split(" ").at(-1))];
      const name = key.slice(kind.length + 1, key.lastIndexOf(" "));
      return itemsOf(field).filter(one => one.kind === kind && one.name.toLowerCase() === name)[nth];
    };
    const change = how => {
      const item = find();
      if (item) form.set(field, how(form.value(field), item));
      return item;
    };
    return {
      weigh: weight => change((text, item) => weighed(text, item, weight)),
      remove: () => {
        const undo = form.keep();
        const item = change(without);
        form.control(field).focus({ preventScroll: true });
        if (item) notice(t("ui.networks.removed", { name: item.name }), { undo });
      },
    };
  };
  return { element, show };
}

function rowOf({ kind, name }, { weigh, remove }) {
  const title = { en: name };
  const weight = number({ name: "_weight", kind: "number", title, step: 0.05, slider: RANGE[kind] });
  weight.control.addEventListener("input", () => {
    const value = weight.read();
    if (Number.isFinite(value)) weigh(value);
  });
  const label = weight.element.querySelector("label");
  const said = h("span.said");
  const close = iconButton("close", t("ui.networks.remove", { name }), remove);
  const element = h(`li.network.of-${kind}`, {}, weight.element, said, close);
  const show = (item, told) => {
    label.textContent = told?.title && told.id ? told.title : name;
    label.title = name;
    const missing = told && !told.id;
    const problem = missing ? t("ui.networks.missing") : told?.problem ? word(told.problem) : "";
    element.classList.toggle("bad", Boolean(problem));
    weight.element.classList.toggle("fixed", item.weight === null);
    said.textContent = problem || (item.weight === null ? t("ui.networks.in_text") : "");
    said.hidden = !said.textContent;
    if (document.activeElement !== weight.control && item.weight !== null) weight.write(item.weight);
  };
  return { element, show };
}
