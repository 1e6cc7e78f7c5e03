// A picture's parameters (A1111's lines of text) in readable form.
import { h, icon, iconButton } from "./dom.js";
import { t } from "./text.js";

/** { prompt, negative, rest: [[name, value], …] } */
export function parse(infotext) {
  const lines = infotext.split("\n");
  const at = lines.findLastIndex(one => one.startsWith("Steps: ") || one.startsWith("Postprocess "));
  const above = at < 0 ? lines : lines.slice(0, at);
  const from = above.findIndex(one => one.startsWith("Negative prompt: "));
  const prompt = (from < 0 ? above : above.slice(0, from)).join("\n").trim();
  const negative = from < 0 ? "" : above.slice(from).join("\n").slice("Negative prompt: ".length).trim();
  return { prompt, negative, rest: at < 0 ? [] : pairs(lines.slice(at).join("\n")) };
}

const pairs = words =>
  [...words.matchAll(/\s*(\w[\w \-/]+):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)/g)].map(([, name, value]) => [
    name,
    unquote(value),
  ]);

function unquote(value) {
  if (!value.startsWith('"')) return value.trim();
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** The exact seed, digits as text. */
export const seedOf = picture => new Map(parse(picture.infotext).rest).get("Seed") ?? String(picture.seed);

const NAMES = {
  Steps: "steps",
  Sampler: "sampler",
  "Schedule type": "schedule",
  "CFG scale": "cfg_scale",
  Seed: "seed",
  Size: "size",
  "Model hash": "model_hash",
  Model: "model",
  "Clip skip": "clip_skip",
  "Variation seed": "variation_seed",
  "Variation seed strength": "variation_strength",
  RNG: "noise_source",
  "Denoising strength": "strength",
  "Image CFG scale": "image_cfg_scale",
  "Extra noise": "extra_noise",
  "Noise multiplier": "noise_multiplier",
  "Mask blur": "mask_blur",
  "Inpaint area": "area",
  "Masked content": "content",
  "Masked area padding": "padding",
  "Conditional mask weight": "mask_weight",
  Refiner: "refiner",
  "Refiner switch at": "switch_at",
  "Postprocess upscale by": "by",
  "Postprocess upscaler": "upscaler",
  "Postprocess upscaler 2": "upscaler_2",
  Version: "version",
};
const nameOf = key => (key in NAMES ? t(`ui.field.${NAMES[key]}`) : key);
const row = ([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** A table of all that is known: prompt and negative prompt first. */
export function table({ prompt, negative, rest }) {
  const words = [
    [t("ui.field.prompt"), prompt],
    [t("ui.field.negative_prompt"), negative],
  ].filter(([, value]) => value);
  return h(
    "dl.parameters",
    {},
    words.map(pair => {
      const one = row(pair);
      one.classList.add("words");
      return one;
    }),
    rest.map(([name, value]) => row([nameOf(name), value])),
  );
}

/** Copies the lines of text; the clipboard needs a page from this machine or https. */
export function copyButton(words, label = t("ui.copy")) {
  const copy = iconButton("copy", label, async () => {
    await putOnClipboard(words);
    copy.replaceChildren(icon("check"));
    setTimeout(() => copy.replaceChildren(icon("copy")), 1500);
  });
  return copy;
}

async function putOnClipboard(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words);
  const box = h("textarea.unseen", {}, words);
  (document.querySelector("dialog[open]") ?? document.body).append(box);
  box.select();
  document.execCommand("copy");
  box.remove();
}
