// One axis of a plot: the setting, its values, and a button that fills in all choices.
import { get } from "./api.js";
import { h, say } from "./dom.js";
import { choice, text } from "./fields.js";
import { followOffers } from "./offers.js";
import { local, number, t } from "./text.js";

const FIRST = new Set(["seed", "steps", "cfg_scale", "prompt_replace", "sampler", "schedule", "model", "strength", "hires.strength"]);
const IN_BRACKETS = /^\[(.+?)\] (.+)$/;
const ENTRY = /^(extensions\.[\w.]+?)\.(\d+)\./;

const lists = new Map(); // kind of request -> { axes, views }

/** Call `view(axes)` with what can be varied in a kind of request, now and when it changes. */
function followAxes(kind, view) {
  if (!lists.has(kind)) {
    const list = { axes: [], views: new Set() };
    lists.set(kind, list);
    followOffers(async () => {
      const answer = await get(`/plots/axes?kind=${kind}`).catch(() => null);
      if (answer) list.axes = answer.axes;
      list.views.forEach(one => one(list.axes));
    });
  }
  lists.get(kind).views.add(view);
  view(lists.get(kind).axes);
}

/** { element, value(), take(), put(kept), show() } of the axis `x`, `y` or `z`. */
export function axisPart(form, place) {
  let axes = [];
  const known = name =>
    axes.find(one => one.id === name) ??
    axes.find(one => [one.label, ...Object.values(one.title)].some(said => said.toLowerCase() === String(name).toLowerCase()));
  const menu = axisMenu(place, name => known(name)?.id ?? name);
  const values = text({ name: `plot.${place}.values`, label: "ui.field.values", default: "", rows: 1 });
  const fill = h("button.quiet", { type: "button", onclick: () => form.set(values.name, all(known(menu.read()))) }, t("ui.plot.fill"));
  const hint = h("p.hint");
  const inside = h("div.inside", {}, form.add(values), hint, fill);
  const element = h("div.axis", {}, form.add(menu), inside);
  const show = () => {
    const axis = known(menu.read());
    inside.hidden = !menu.read();
    fill.hidden = !axis || !all(axis);
    say(hint, axis ? hintOf(axis) : "");
    values.control.placeholder = axis ? exampleOf(axis) : "";
  };
  form.place(place, {
    element,
    control: menu.control,
    blame: (sentence, at) => (at.endsWith(".axis") ? menu : values).blame(sentence),
    clear: () => [menu, values].forEach(one => one.clear()),
  });
  followAxes(form.key, found => {
    axes = found;
    const entries = new Map();
    menu.offer(choicesOf(axes.filter(one => hasEntry(form, one.id, entries))));
    show();
  });
  return {
    element,
    show,
    value: () => (menu.read() ? { axis: menu.read(), values: values.read() } : null),
    take: () => [menu.read(), values.read()],
    put: ([axis, typed]) => {
      form.set(menu.name, axis);
      form.set(values.name, typed);
    },
  };
}

/** A menu that takes a setting by any of its names, as pictures' parameters call it. */
function axisMenu(place, idOf) {
  const made = choice({ name: `plot.${place}.axis`, label: `ui.plot.${place}`, default: null, choices: [none()] });
  return {
    ...made,
    write: value => made.write(value === null ? null : idOf(value)),
    offers: undefined,
  };
}

const none = () => ({ value: null, label: t("ui.plot.none") });

/** The usual ones first, then the others, then those of extensions by their names. */
function choicesOf(axes) {
  const made = axes.map(one => {
    const title = local(one.title);
    const [, extension, rest] = title.match(IN_BRACKETS) ?? [];
    if (one.id.startsWith("extensions.") && extension) return { value: one.id, label: rest, group: extension };
    return { value: one.id, label: title, group: t(FIRST.has(one.id) ? "ui.plot.usual" : "ui.plot.others") };
  });
  const rank = one => (one.group === t("ui.plot.usual") ? 0 : one.group === t("ui.plot.others") ? 1 : 2);
  return [none(), ...made.sort((one, other) => rank(one) - rank(other))];
}

/** Of an extension's list, the first entry is always offered, others while the form has them. */
function hasEntry(form, id, entries) {
  const [, list, at] = id.match(ENTRY) ?? [];
  if (list === undefined || at === "0") return true;
  if (!entries.has(list)) {
    const [, name, ...inner] = list.split(".");
    const value = form.has(`extensions.${name}`) ? form.value(`extensions.${name}`) : null;
    entries.set(list, inner.reduce((group, part) => group?.[part], value)?.length ?? 0);
  }
  return Number(at) < entries.get(list);
}

const quoted = value => (/[",\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

/** All choices of an axis as a list of values; empty where there is none to choose from. */
function all(axis) {
  if (axis?.kind === "toggle") return "True, False";
  return (axis?.choices ?? []).map(one => quoted(one.value ?? "Automatic")).join(", ");
}

function hintOf({ kind, min, max }) {
  if (kind === "replace" || kind === "order" || kind === "size") return t(`ui.plot.hint.${kind}`);
  if (min === null || max === null || kind === "text" || kind === "choice") return "";
  return max > 1e9 ? "" : t("ui.plot.range", { low: number(min, 2), high: number(max, 2) });
}

function exampleOf({ kind, min, max }) {
  const examples = { size: "512x768, 768x512", toggle: "True, False", integer: "1-10 [5]", number: "1-3 (+0.5)" };
  if (kind === "number" && max !== null && max <= 1) return `${min ?? 0}-${max} [5]`;
  return examples[kind] ?? "";
}
