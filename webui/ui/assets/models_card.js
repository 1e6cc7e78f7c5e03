// What is said of a model: on its card and in the sheet about it.
import { h, icon } from "./dom.js";
import { t, word } from "./text.js";

/** Families by the names that people use; what is not here is shown as it is. */
const FAMILIES = {
  sd1: "SD 1",
  sd2: "SD 2",
  sd3: "SD 3",
  sdxl: "SDXL",
  "sdxl-refiner": "SDXL Refiner",
  flux: "Flux.1",
  flux2: "Flux.2",
  chroma: "Chroma",
  "qwen-image": "Qwen-Image",
  "z-image": "Z-Image",
  // text encoders
  t5: "T5",
  "clip-l": "CLIP-L",
  "clip-g": "CLIP-G",
  "clip-h": "OpenCLIP-H",
  gemma: "Gemma",
  llama: "Llama",
  mistral3: "Mistral",
  "qwen2.5": "Qwen2.5",
  qwen3: "Qwen3",
};
const HUES = { sd1: 255, sd2: 215, sdxl: 300, "sdxl-refiner": 325, sd3: 165, flux: 45, flux2: 20 };

export const familyName = family => FAMILIES[family] ?? family;
export const titleOf = entry => entry.title || entry.name.split("/").at(-1);
export const kindName = entry => t(`ui.models.is.${entry.kind}`);

/** The same colour for all of a family. */
const hueOf = family =>
  HUES[family] ?? [...(family ?? "")].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 90);

const button = kind => (label, onclick) => h(`button.${kind}`, { type: "button", onclick }, t(label));
export const primary = button("primary");
export const quiet = button("quiet");

export const addressOf = entry => `/models/${entry.kind}/${entry.id}`;

/** Its picture; where there is none, a field in the colour of its family. */
export function picture(entry, size) {
  const place = h("span.picture");
  place.style.setProperty("--hue", hueOf(entry.family));
  place.classList.toggle("grey", !entry.family);
  const letters = h("span.letters", { "aria-hidden": "true" }, initials(titleOf(entry)));
  if (!entry.preview) place.append(letters);
  else {
    const src = `/api/v1${addressOf(entry)}/preview?size=${size}&mark=${entry.preview}`;
    const image = h("img", { src, alt: "", loading: "lazy", decoding: "async", draggable: "false" });
    image.addEventListener("error", () => image.replaceWith(letters));
    place.append(image);
  }
  return place;
}

function initials(title) {
  const words = title.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  return words
    .slice(0, 2)
    .map(one => [...one][0].toUpperCase())
    .join("");
}

export const marks = (entry, isDefault) =>
  [
    isDefault && h("span.mark.good", {}, t("ui.models.default")),
    entry.problem && h("span.mark.bad", {}, t("ui.models.broken")),
  ].filter(Boolean);

/** A card's content. act: { label, run } for what is mostly wanted of it, or null. chosen: null where nothing is chosen. */
export function cardOf(entry, { isDefault, act, open, size, chosen }) {
  const choosing = chosen !== null;
  const facts = [kindName(entry), entry.family && familyName(entry.family), size].filter(Boolean).join(" · ");
  const said = entry.problem ? h("span.why", { title: word(entry.problem) }, word(entry.problem)) : null;
  const face = h(
    "button.face",
    { type: "button", onclick: open, ...(choosing ? { "aria-pressed": String(chosen) } : { "aria-haspopup": "dialog" }) },
    h("span.over", {}, picture(entry, 384), h("span.marks", {}, marks(entry, isDefault)), choosing && h("span.tick", {}, chosen && icon("check"))),
    h("span.title", { title: entry.name }, titleOf(entry)),
    h("span.facts", {}, facts),
    said,
  );
  const name = act && `${act.label}: ${titleOf(entry)}`;
  const button = act && h("button.quiet", { type: "button", "aria-label": name, onclick: act.run }, act.label);
  return [face, !choosing && button].filter(Boolean);
}

/** The place of a card that is on its way. */
export const blank = () => [
  h(
    "button.face",
    { type: "button", "aria-label": "…", "aria-busy": "true" },
    h("span.over", {}, h("span.picture.grey")),
  ),
];
