// What makes a map of a picture: the menu in groups, and the fields of the chosen one's own options.
import { choice, field, followOffers, h, local } from "easel";

const GROUPS = [
  ["pose", /pose|face|hand/],
  ["depth", /depth|midas|zoe|leres|normal/],
  ["lines", /canny|line|scribble|softedge|hed|pidi|teed|mlsd|threshold|binary|invert/],
  ["parts", /seg|anything|ade|oneformer/],
  ["inpaint", /inpaint/],
  ["colours", /tile|blur|shuffle|recolor|color|content|reference/],
];
const KINDS = { integer: "integer", number: "number", boolean: "toggle", string: "text" };

/** Fields of a JSON schema, as data for `field`. */
export const fieldsOf = schema =>
  Object.entries(schema?.properties ?? {})
    .filter(([, part]) => (part.enum || KINDS[part.type]) && !part.hidden)
    .map(([name, part]) => ({
      ...{ name, kind: part.enum ? "choice" : KINDS[part.type], default: part.default },
      ...{ min: part.minimum ?? part.exclusiveMinimum, max: part.maximum, choices: part.enum },
      title: { en: part.title ?? name, ...part.titles },
    }));

export const groupOf = name => GROUPS.find(([, pattern]) => pattern.test(name))?.[0] ?? "others";

let known = [];
/** The preprocessor of that name, as the server tells of it. */
export const preprocessorNamed = name => known.find(one => one.name === name);

export function preprocessorPart({ t, tab }, { read, update }) {
  const menu = choice({ name: "preprocessor", label: "ext.controlnet.preprocessor", choices: [] });
  const own = h("div.control-options", {});
  const element = h("div.control-made", {}, menu.element, own);
  const order = [...GROUPS.map(([name]) => name), "others"];

  const offer = () => {
    const rows = known.map(one => ({ value: one.name, label: local(one.title) || one.name, group: groupOf(one.name) }));
    rows.sort((a, b) => order.indexOf(a.group) - order.indexOf(b.group));
    const none = { value: "none", label: t("preprocessor.none") };
    menu.offer([none, ...rows.map(one => ({ ...one, group: t(`group.${one.group}`) }))]);
    menu.write(read().preprocessor);
  };
  const showOptions = () => {
    const data = fieldsOf(preprocessorNamed(read().preprocessor)?.options);
    own.replaceChildren(...data.map(one => optionField(one, { read, update, scheduled: tab === "animation" })));
    own.hidden = !data.length;
  };
  menu.control.addEventListener("input", () => {
    menu.clear();
    update({ preprocessor: menu.read(), options: {} });
    showOptions();
  });
  const leave = followOffers(({ preprocessors }) => {
    known = preprocessors;
    offer();
    if (!own.contains(document.activeElement)) showOptions();
  });
  menu.write(read().preprocessor);
  return { ...menu, element, leave };
}

function optionField(data, { read, update, scheduled }) {
  const made = field({ ...data, scheduled });
  made.write(read().options[data.name] ?? data.default);
  made.control.addEventListener("input", () => update({ options: { ...read().options, [data.name]: made.read() } }));
  return made.element;
}
