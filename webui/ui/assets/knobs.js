// The settings behind an intent, for those who want to turn them themselves.
import { pair, worded } from "./drawing.js";
import { h } from "./dom.js";
import { number } from "./fields.js";
import { fold } from "./form.js";
import { fineFields, forVariant } from "./from_picture.js";
import { switched } from "./part.js";
import { segments } from "./segments.js";
import { t } from "./text.js";

const ONLY_MASKS = ["invert", "content", "area", "padding", "mask_weight", "soft"];
const INTENDED = ["strength", "mask_blur", "invert", "content", "area", "padding"];

export function knobsPart(form, data) {
  const slider = (name, step, high) => number({ ...data[name], step, slider: [data[name].min, high, step] });
  const invert = inverting();
  const area = twoWays("area", "area", data.area.choices);
  const padding = slider("padding", 4, data.padding.max);
  const weight = slider("mask_weight", 0.01, 1);
  const size = twoWays("_size", "drawn_at", ["suits", "exact"]);
  const sides = h(
    "div.inside",
    {},
    pair(form.add(number(data.width)), form.add(number(data.height))),
    form.add(worded(data.resize_mode, { words: "ui.resize_mode" })),
  );
  const masks = h(
    "div.inside",
    {},
    form.add(invert),
    form.add(worded(data.content, { words: "ui.content" })),
    form.add(area),
    form.add(padding),
    form.add(weight),
  );
  const soft = softPart(form, data);
  const element = fold(
    "inpaint.knobs",
    t("ui.knobs"),
    masks,
    form.add(slider("mask_blur", 1, data.mask_blur.max)),
    form.add(size),
    sides,
    soft,
    fineFields(form, data),
  );
  const show = () => {
    padding.element.hidden = area.read() !== "masked";
    sides.hidden = size.read() !== "exact";
  };
  form.onChange(show);
  show();
  return {
    element,
    names: INTENDED,
    suit: forVariant(weight, "inpaint"),
    /** Show what only masks have. */
    forMasks: on => {
      for (const part of [masks, soft]) part.hidden = !on;
    },
    /** Names that do not count now. */
    without: () => (size.read() === "exact" ? [] : ["width", "height"]),
    /** Names that mean nothing where there is no mask. */
    onlyMasks: () => [...ONLY_MASKS, ...(size.read() === "exact" ? [] : ["width", "height"])],
  };
}

const twoWays = (name, words, values) =>
  segments({
    name,
    label: `ui.knob.${words}`,
    default: values[0],
    choices: values.map(value => ({ value, label: t(`ui.${words}.${value}`) })),
  });

/** On or off, shown as what is drawn anew. */
function inverting() {
  const made = twoWays("invert", "invert", ["masked", "not_masked"]);
  const write = value => made.write(value ? "not_masked" : "masked");
  const read = () => made.read() === "not_masked";
  return { ...made, write, read, fallback: false, offers: undefined };
}

function softPart(form, data) {
  const of = (name, step) => form.add(number({ ...data[`soft.${name}`], step }));
  return switched(
    form,
    "soft",
    "ui.soft",
    h("p.hint", {}, t("ui.soft.hint")),
    pair(of("schedule_bias", 0.1), of("preservation_strength", 0.05)),
    pair(of("transition_contrast_boost", 0.5), of("mask_influence", 0.05)),
    pair(of("difference_threshold", 0.25), of("difference_contrast", 0.25)),
  );
}
