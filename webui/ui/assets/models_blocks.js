// Multipliers of the blocks of a UNet: a preset, or a slider each. The text of the field is the truth.
import { h } from "./dom.js";
import { choice, line } from "./fields.js";
import { fold } from "./form.js";
import { t } from "./text.js";

const OWN = "own";

/** Weights of blocks by what a text says, as the server reads it; null where it says none or is wrong. */
export function readBlocks(text, { names, presets }) {
  const said = text.trim();
  const preset = presets[said.toUpperCase()];
  if (preset) return preset;
  const parts = said.replace(/,$/, "").split(/[,;\n]/).map(one => one.trim());
  const numbers = parts.map(Number);
  if (!said || parts.some(one => one === "")) return null;
  if (numbers.every(Number.isFinite)) {
    if (numbers.length === names.length) return numbers;
    return numbers.length === names.length + 1 ? numbers.slice(1) : null;
  }
  const pairs = parts.map(one => one.split(/[:=]/).map(half => half.trim()));
  if (pairs.some(([name, value]) => ![...names, "BASE"].includes(name.toUpperCase()) || !(value && Number.isFinite(Number(value))))) return null;
  const values = Object.fromEntries(pairs.map(([name, value]) => [name.toUpperCase(), Number(value)]));
  return names.map(name => values[name] ?? null);
}

/** blocks: family -> { names, presets }; family(): that of the first model. Returns the element. */
export function blocksPart(form, data, { blocks, family }) {
  const text = line({ ...data, hint: "ui.merge.blocks.hint" });
  const preset = choice({ name: "_preset", label: "ui.merge.preset", choices: [] });
  const list = h("div.sliders");
  const element = fold("merge.blocks", t("ui.field.blocks"), preset.element, form.add(text), list);
  let shown = null; // the blocks whose sliders are there
  let rows = [];

  const make = ({ names }) => {
    rows = names.map((name, i) => {
      const slider = h("input.slider", { type: "range", min: 0, max: 1, step: 0.05, "aria-label": name });
      const value = h("output");
      slider.addEventListener("input", () => write(i, Number(slider.value)));
      return { slider, value, element: h("label", {}, h("span", {}, name), slider, value) };
    });
    list.replaceChildren(...rows.map(one => one.element));
  };
  const now = () => {
    const usual = form.value("multiplier") ?? 0.5;
    const read = readBlocks(text.read(), shown) ?? shown.names.map(() => usual);
    return read.map(one => one ?? usual);
  };
  const write = (index, value) => {
    const values = now();
    values[index] = value;
    form.set("blocks", values.map(one => Number(one.toFixed(3))).join(", "));
  };
  const show = () => {
    const own = blocks[family()];
    element.hidden = !own;
    if (!own) return;
    if (own !== shown) make((shown = own));
    now().forEach((value, i) => {
      const { slider, value: output } = rows[i];
      slider.value = value;
      slider.style.setProperty("--share", value);
      output.textContent = Number(value.toFixed(2));
    });
    const said = text.read().trim().toUpperCase();
    const flat = { value: null, label: t("ui.merge.preset.none") };
    const mine = { value: OWN, label: t("ui.merge.preset.own") };
    preset.offer([flat, ...Object.keys(own.presets), mine]);
    preset.write(!said ? null : said in own.presets ? said : OWN);
  };
  preset.control.addEventListener("input", () => {
    const chosen = preset.read();
    form.set("blocks", chosen === OWN ? now().join(", ") : (chosen ?? ""));
  });
  form.onChange(show);
  return element;
}
