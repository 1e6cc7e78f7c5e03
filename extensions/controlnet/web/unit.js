// One unit: its picture and map, what makes the map, the network that is shown it, and how much it counts.
import { choice, fold, follow, h, iconButton, number, segments, toggle } from "easel";
import { modelField } from "./models.js";
import { picturesPart } from "./pictures.js";
import { preprocessorPart } from "./preprocessors.js";
import { rangeField } from "./range.js";

const MODES = ["balanced", "prompt", "control"];
const FITS = ["just_resize", "crop", "fill"];
const PASSES = ["both", "first", "second"];
const UNIONS = { sdxl: 8, flux: 7 }; // family -> kinds of map that its unions know, by number
const UNKNOWN = 8;
const label = name => `ext.controlnet.${name}`;

/** read(): the unit as it is; update(changes): what the user changed of it. */
export function unitPart(given, { read, update, copy, remove }) {
  const { t } = given;
  const fields = new Map();
  const bind = (field, from = value => value, to = value => value) => {
    const { name } = field;
    fields.set(name, field);
    field.write(from(read()[name]));
    field.control.addEventListener("input", () => {
      field.clear();
      update({ [name]: to(field.read()) });
    });
    return field.element;
  };
  const words = (name, values) => values.map(value => ({ value, label: t(`${name}.${value}`) }));
  const few = (name, values) => bind(segments({ name, label: label(name), choices: words(name, values) }));
  const flag = name => bind(toggle({ name, label: label(name) }));

  const pictures = picturesPart(given, { read, update });
  const preprocessor = preprocessorPart(given, { read, update: changes => (update(changes), pictures.show(), showResolution()) });
  const model = modelField(given, { read, update, told: () => offerKinds() });
  const range = rangeField(given, { read, update });
  const scheduled = given.tab === "animation"; // there a number may change over the frames
  const resolution = number({ name: "resolution", kind: "integer", scheduled, min: 64, max: 2048, label: label("resolution"), slider: [128, 1536, 64] });
  const perfect = toggle({ name: "perfect", label: label("perfect") });
  const showResolution = () => {
    perfect.element.hidden = read().preprocessor === "none";
    resolution.element.hidden = perfect.element.hidden || perfect.read();
  };
  perfect.write(read().resolution === null);
  perfect.control.addEventListener("input", () => {
    update({ resolution: perfect.read() ? null : 512 });
    resolution.write(read().resolution);
    showResolution();
  });
  const kind = choice({ name: "control_type", label: label("control_type"), choices: [] });
  /** By their names, where the network is of a family whose unions are known. */
  const offerKinds = () => {
    const family = model?.family();
    const named = i => (family in UNIONS ? t(`control_type.${family}.${i}`) : String(i));
    const numbers = Array.from({ length: UNIONS[family] ?? UNKNOWN }, (_, i) => ({ value: String(i), label: named(i) }));
    kind.offer([{ value: null, label: t("control_type.none") }, ...numbers]);
  };
  offerKinds();
  const enabled = toggle({ name: "enabled", label: label("enabled") });
  const weight = number({ name: "weight", kind: "number", scheduled, min: 0, max: 2, step: 0.05, label: label("weight"), slider: [0, 2, 0.05] });
  const bar = h(
    "div.control-bar",
    {},
    bind(enabled),
    iconButton("copy", t("copy"), copy),
    iconButton("wipe", t("remove"), remove),
  );
  const more = fold(
    `${given.tab}.controlnet.finer`,
    t("finer"),
    few("resize_mode", FITS),
    few("passes", PASSES),
    bind(kind, value => (value === null ? null : String(value)), value => (value === null ? null : Number(value))),
    flag("low_memory"),
  );
  const element = h(
    "div.control-unit",
    {},
    ...[bar, pictures.element, preprocessor.element, perfect.element, bind(resolution), pictures.map],
    ...[model.element, bind(weight), range.element, few("mode", MODES), more],
  );
  showResolution();
  for (const one of [model, range, preprocessor]) fields.set(one.name, one);
  fields.set("start", range).set("end", range).set("image", pictures).set("mask", pictures);
  const unfollow = follow(pictures.show);
  return {
    element,
    leave: () => (unfollow(), preprocessor.leave(), model.leave()),
    suit: model.suit,
    /** The panel says the sentence; here it is shown where it belongs. */
    blame: (sentence, name) => {
      for (const field of new Set(fields.values())) field.blame("");
      if (sentence) fields.get(name ?? "start")?.blame(sentence); // of the whole unit: its only rule is about the steps
    },
  };
}
