// The form of a definition: what a model is made of, and the settings that suit it.
import { pair } from "./drawing.js";
import { h, iconButton } from "./dom.js";
import { choice, line, number, text } from "./fields.js";
import { fold } from "./form.js";
import { titleOf } from "./model.js";
import { quiet } from "./models_card.js";
import { t } from "./text.js";

const SETTINGS = [
  ["steps", "cfg_scale"],
  ["width", "height"],
  ["shift", "clip_skip"],
];
const nothing = value => value === null || value === "";
const byComma = words =>
  words
    .split(",")
    .map(one => one.trim())
    .filter(Boolean);

/** The fields: { elements, read, write, blame, clear, focus }. */
export function editor(data, offers, loras) {
  const fields = new Map();
  const add = (path, field) => {
    fields.set(path, field);
    return field.element;
  };
  const bases = (offers?.models ?? []).filter(one => !one.definition);
  const menu = names => [{ value: null, label: t("ui.definition.as_base") }, ...names.map(one => one.name)];
  const named = (path, label, more = {}) => line({ name: path, label, ...more });
  const numbers = SETTINGS.map(names =>
    pair(...names.map(name => add(`defaults.${name}`, number({ ...data[name], default: null })))),
  );
  const list = loraList(loras);
  const top = [
    add("name", named("name", "ui.definition.name")),
    add(
      "base",
      choice({
        name: "base",
        label: "ui.definition.base",
        choices: bases.map(one => ({ value: one.id, label: titleOf(one) })),
      }),
    ),
    list.element,
    pair(
      add("defaults.sampler", choice({ ...data.sampler, choices: menu(offers?.samplers ?? []) })),
      add("defaults.schedule", choice({ ...data.schedule, choices: menu(offers?.schedules ?? []) })),
    ),
    ...numbers,
    add("defaults.vae", line({ ...data.vae })),
    add("defaults.negative_prompt", text({ ...data.negative_prompt, rows: 2 })),
    fold(
      "definition.more",
      t("ui.more"),
      add("trigger_words", named("trigger_words", "ui.definition.words")),
      add("download.source", named("source", "ui.definition.download")),
      add("download.sha256", named("sha256", "ui.field.sha256")),
      add("licence", named("licence", "ui.models.fact.licence")),
      add("source", named("page", "ui.definition.source")),
      add("notes", text({ name: "notes", label: "ui.models.notes", rows: 3 })),
    ),
  ];
  return {
    elements: top,
    focus: () => fields.get("name").control.focus(),
    write: values => writeAll(fields, list, values),
    read: () => readAll(fields, list),
    clear: () => fields.forEach(field => field.clear()),
    blame: (path, sentence) => {
      const field = fields.get(path);
      field?.blame(sentence);
      field?.element.closest("details")?.setAttribute("open", "");
      return Boolean(field);
    },
  };
}

function writeAll(fields, list, values) {
  for (const [path, field] of fields) {
    const value = path.split(".").reduce((inside, name) => inside?.[name], values);
    field.write(Array.isArray(value) ? value.join(", ") : (value ?? null));
  }
  list.write(values.loras ?? []);
}

function readAll(fields, list) {
  const read = { loras: list.read() };
  for (const [path, field] of fields) {
    const value = path === "trigger_words" ? byComma(field.read()) : field.read();
    if (nothing(value) && path !== "name" && path !== "base") continue;
    const [first, inner] = path.split(".");
    if (inner) (read[first] ??= {})[inner] = value;
    else read[first] = value ?? "";
  }
  return read;
}

/** LoRAs with weights, one a row. */
function loraList(names) {
  const rows = new Map();
  const list = h("div.loras");
  const add = ({ name, weight, download }) => {
    const menu = choice({ name: "lora", label: "ui.definition.lora", choices: names });
    const share = number({ name: "weight", kind: "number", label: "ui.models.weight", step: 0.05, min: -10, max: 10 });
    menu.write(name ?? names[0] ?? null);
    share.write(weight ?? 1);
    const out = iconButton("close", t("ui.definition.lora.remove"), () => {
      rows.delete(row);
      row.remove();
    });
    const row = h("div.lora", {}, menu.element, share.element, out);
    rows.set(row, { menu, share, download });
    list.append(row);
  };
  const more = quiet("ui.definition.lora.add", () => add({}));
  return {
    element: h("div.field", {}, list, h("div.buttons", {}, more)),
    write: all => {
      rows.clear();
      list.replaceChildren();
      all.forEach(add);
    },
    read: () =>
      [...rows.values()]
        .filter(({ menu }) => menu.read())
        .map(({ menu, share, download }) => ({
          name: menu.read(),
          weight: share.read() ?? 1,
          ...(download ? { download } : {}),
        })),
  };
}
