// The prompts as a table: the frame, what is to be seen from there on, what is not, and a weight of its own. The text
// says the same.
import { frameOf, nameAt, shifted } from "./animation_keys.js";
import { isJson, rowsOf, textOf } from "./animation_rows.js";
import { arrange, h, iconButton } from "./dom.js";
import { notice } from "./notice.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

const FIELD = "_prompts";
const AS_TABLE = "animation.prompts.table";
const SHORT = 8; // letters of a weight beside the negative prompt
const BLENDS = ["", "step", "linear", "ease_in_out", "ease_in", "ease_out", "smoothstep"];

/** The weight of a row of its own, moved by so many frames. */
const weightMoved = ({ weight }, by, clock) => (weight ? { weight: shifted(String(weight), by, clock) } : {});

/**
 * field: the element of the text. blend: { get(), set(name) } is the way from one prompt to the next.
 * clock(): what times and beats in keys mean. native(): whether prompts may have weights of their own.
 */
export function promptsPart(form, field, { blend, clock, native }) {
  const list = h("ol.prompt-rows");
  const add = h("button.quiet", { type: "button", onclick: () => insert() }, t("ui.animation.prompts.add"));
  const sort = h("button.quiet", { type: "button", onclick: () => put(sorted(rows)) }, t("ui.animation.prompts.sort"));
  const turn = h("button.link", { type: "button", onclick: () => show(!asTable) });
  const menu = h("select", { "aria-label": t("ui.animation.prompts.blend") });
  const way = h("label.blend", {}, h("span", {}, t("ui.animation.prompts.blend")), menu);
  const table = h("div.prompt-table.field", { role: "group", "aria-label": t("ui.animation.prompts") }, h("span.label", {}, t("ui.animation.prompts")), list, h("div.buttons", {}, add, sort));
  const element = h("div.prompts", {}, field, table, h("div.foot-of", {}, turn, way));
  let rows = [];
  let own = null; // the text that was written here
  let asTable = recall(AS_TABLE) ?? false;

  const put = made => {
    rows = made;
    own = textOf(rows, form.value(FIELD));
    form.set(FIELD, own);
    draw();
  };
  const placed = one => {
    const frame = frameOf(one.frame, clock());
    return Number.isFinite(frame) ? frame : Infinity;
  };
  const with_ = (place, change) => textOf(rows.map((one, i) => (i === place ? { ...one, ...change(one) } : one)), form.value(FIELD));
  const sorted = list => [...list].sort((a, b) => placed(a) - placed(b));
  const insert = () => {
    const last = Math.max(-1, ...rows.map(placed).filter(Number.isFinite));
    const frame = last < 0 ? 0 : Math.min(clock().frames - 1, Math.round(last + Math.max(1, clock().frames / 4)));
    put([...rows, { frame: String(frame > last ? frame : last + 1), prompt: "", negative: "" }]);
    list.lastElementChild.querySelector("textarea").focus();
  };
  const remove = place => {
    const before = rows;
    put(rows.filter((_, i) => i !== place));
    notice(t("ui.animation.prompts.removed"), { undo: () => put(before) });
    (list.children[Math.min(place, rows.length - 1)]?.querySelector("textarea") ?? add).focus();
  };
  const cell = (place, name, make) => {
    const control = make();
    control.value = rows[place][name] ?? "";
    control.addEventListener("input", () => {
      rows = rows.map((one, i) => (i === place ? { ...one, [name]: control.value } : one));
      own = textOf(rows, form.value(FIELD));
      form.set(FIELD, own);
    });
    return control;
  };
  const rowOf = (_, place) => {
    const n = { n: place + 1 };
    const frame = cell(place, "frame", () => h("input.at", { type: "text", autocomplete: "off", "aria-label": t("ui.animation.prompts.frame", n) }));
    const prompt = cell(place, "prompt", () => h("textarea", { rows: 1, spellcheck: "false", "aria-label": t("ui.animation.prompts.prompt", n) }));
    const placeholder = t("ui.field.negative_prompt");
    const negative = cell(place, "negative", () => h("textarea.negative", { rows: 1, spellcheck: "false", placeholder, "aria-label": t("ui.animation.prompts.negative", n) }));
    const gone = iconButton("close", t("ui.animation.prompts.remove", n), () => remove(place));
    return h("li", {}, frame, prompt, gone, weightOf(place, n), negative);
  };
  /** Beside the negative prompt; a schedule has a line for itself. */
  const weightOf = (place, n) => {
    const words = { placeholder: t("ui.animation.prompts.weight"), title: t("ui.animation.prompts.weight.hint"), "aria-label": t("ui.animation.weight", n) };
    const control = cell(place, "weight", () => h("input.weight", { type: "text", autocomplete: "off", spellcheck: "false", ...words }));
    const fit = () => control.classList.toggle("long", control.value.length > SHORT);
    control.addEventListener("input", fit);
    fit();
    return control;
  };
  const draw = () => {
    const here = [...list.querySelectorAll("input, textarea")].indexOf(document.activeElement);
    arrange(list, rows.map(rowOf));
    if (here >= 0) list.querySelectorAll("input, textarea")[here]?.focus();
  };
  const show = wanted => {
    asTable = wanted;
    remember(AS_TABLE, asTable);
    field.hidden = asTable;
    table.hidden = !asTable;
    turn.textContent = t(asTable ? "ui.animation.prompts.as_text" : "ui.animation.prompts.as_table");
  };
  const read = () => {
    if (form.value(FIELD) !== own) {
      rows = rowsOf((own = form.value(FIELD)));
      draw();
    }
    const names = BLENDS.includes(blend.get()) ? BLENDS : [...BLENDS, blend.get()];
    menu.replaceChildren(...names.map(one => h("option", { value: one }, t(one ? `ui.animation.blend.${BLENDS.includes(one) ? one : "other"}` : "ui.animation.blend.usual", { name: one }))));
    menu.value = blend.get();
    list.classList.toggle("weighted", native() || rows.some(one => one.weight));
  };
  menu.addEventListener("change", () => blend.set(menu.value));
  form.onChange(read);
  read();
  show(asTable);
  return {
    element,
    /** In the order of their frames: { key, frame, prompt, blend, own, weight, place }; what cannot be placed is left out. */
    placed: () =>
      rows
        .map((one, place) => ({ ...one, key: one.frame.trim(), frame: placed(one), blend: one.blend || blend.get(), own: one.blend ?? "", place }))
        .filter(one => Number.isFinite(one.frame))
        .sort((a, b) => a.frame - b.frame),
    /** The text with a row at another frame; a weight of its own moves with it. */
    moved: (place, frame) => with_(place, one => ({ frame: nameAt(frame, one.frame, clock()), ...weightMoved(one, frame - placed(one), clock()) })),
    /** The text with other values of a row: { blend, weight }. */
    changed: (place, values) => {
      const made = with_(place, () => values);
      if (isJson(made) && !isJson(form.value(FIELD))) show(true); // lines cannot say it: a table is easier to read
      return made;
    },
    edit: place => {
      show(true);
      list.children[place]?.querySelector("textarea").focus();
    },
  };
}
