// How large the result of a picture is: as suits the model, by a factor, or exactly; and what that makes.
import { worded } from "./drawing.js";
import { h, iconButton, say } from "./dom.js";
import { choice, number } from "./fields.js";
import { segments } from "./segments.js";
import { t } from "./text.js";

const [SMALLEST, LARGEST, STEP] = [64, 2048, 8];

const near = side => Math.min(LARGEST, Math.max(SMALLEST, Math.round(side / STEP) * STEP));
const below = side => Math.max(SMALLEST, Math.floor(Math.floor(side) / STEP) * STEP);

/** The size that the server chooses (webui/jobs/filling.py): of a picture, by a model's area or a factor. */
export function fitted({ width, height }, { area, scale }) {
  if (scale) return [below(width * scale), below(height * scale)];
  const share = Math.sqrt(area / (width * height));
  return [near(width * share), near(height * share)];
}

/** Which fields count in which mode. */
const COUNTS = { auto: [], scale: ["scale"], exact: ["width", "height"] };

export function fitPart(form, data, source) {
  const mode = segments({
    name: "_size",
    label: "ui.fit",
    default: "auto",
    choices: Object.keys(COUNTS).map(value => ({ value, label: t(`ui.fit.${value}`) })),
  });
  const [width, height] = [number(data.width), number(data.height)];
  const scale = number({ ...data.scale, default: 1, step: 0.05, slider: [0.25, 4, 0.05] });
  const swap = () => {
    const [across, down] = [width.read(), height.read()];
    form.set("width", down);
    form.set("height", across);
  };
  const sides = h(
    "div.sides",
    {},
    form.add(width),
    iconButton("swap", t("ui.size.swap"), swap),
    form.add(height),
  );
  const none = { value: null, label: t("ui.fit.upscaler.none") };
  const upscaler = choice({ ...data.upscaler, choices: [none] });
  const how = h(
    "div.pair",
    {},
    form.add(worded(data.resize_mode, { words: "ui.resize_mode" })),
    form.add(upscaler),
  );
  const result = h("p.result", { role: "status" });
  const element = h("div.size", {}, form.add(mode), form.add(scale), sides, how, result);
  let area = 512 * 512;

  const show = () => {
    const now = mode.read();
    scale.element.hidden = now !== "scale";
    sides.hidden = now !== "exact";
    how.hidden = now === "auto";
    say(result, words(now));
  };
  const words = now => {
    const given = source.editor.size();
    if (!given) return now === "auto" ? t("ui.fit.auto.hint") : "";
    const exact = [width.read(), height.read()];
    const made = now === "exact" ? exact : fitted(given, { area, scale: now === "scale" && scale.read() });
    if (!made.every(side => side > 0)) return "";
    return t("ui.size.becomes", { before: `${given.width} × ${given.height}`, after: made.join(" × ") });
  };
  form.onChange(show);
  source.onChange(show);
  return {
    element,
    /** Names that do not count now. */
    without: () => Object.entries(COUNTS).flatMap(([one, names]) => (one === mode.read() ? [] : names)),
    offer: offers => {
      const found = offers.upscalers.filter(one => one.kind === "picture" && one.name !== "None");
      upscaler.offer([none, ...found.map(one => one.name)]);
    },
    suit: ({ card }) => {
      area = card.width * card.height;
      show();
    },
  };
}
