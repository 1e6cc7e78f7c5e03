// X/Y/Z plot: up to three settings that differ from picture to picture, and how many pictures that makes.
import { post } from "./api.js";
import { h, say } from "./dom.js";
import { number, toggle } from "./fields.js";
import { fold } from "./form.js";
import { live } from "./live.js";
import { switched } from "./part.js";
import { axisPart } from "./plot_axis.js";
import { requestOf } from "./request.js";
import { language, t, tn, word } from "./text.js";

const PLACES = ["x", "y", "z"];
const PAUSE = 400; // milliseconds without a change, after which the server is asked
const SWITCHES = { keep_random_seeds: false, vary_x: false, vary_y: false, vary_z: false, legend: true, together: true };

/**
 * { element, line, wrap(request) }. line: says beside the button how many pictures there will be;
 * wrap: makes a plot of a request, where the switch is on.
 */
export function plotPart(form) {
  const axes = PLACES.map(place => axisPart(form, place));
  const flag = name => toggle({ name: `plot.${name}`, label: `ui.field.${name}`, default: SWITCHES[name] });
  const flags = Object.fromEntries(Object.keys(SWITCHES).map(name => [name, flag(name)]));
  const margin = number({
    ...{ name: "plot.margin", label: "ui.field.margin", kind: "integer", default: 0 },
    ...{ min: 0, max: 500, slider: [0, 100, 1] },
  });
  const seeds = ["keep_random_seeds", "vary_x", "vary_y", "vary_z"];
  const add = name => form.add(flags[name]);
  const element = switched(
    form,
    "plot",
    "ui.plot",
    h("p.hint", {}, t("ui.plot.hint")),
    axes.map(axis => axis.element),
    swaps(axes),
    add("legend"),
    form.add(margin),
    add("together"),
    fold(`${form.key}.plot.seeds`, t("ui.plot.seeds"), h("p.hint", {}, t("ui.plot.seeds.hint")), seeds.map(add)),
  );
  const isOn = () => form.value("_plot") === true && axes.some(axis => axis.value());
  const options = () => {
    const chosen = PLACES.map((place, at) => [place, axes[at].value()]).filter(([, value]) => value);
    const switches = Object.entries(flags).map(([name, made]) => [name, made.read()]);
    return Object.fromEntries([...chosen, ...switches, ["margin", margin.read()]]);
  };
  const wrap = base => {
    if (!isOn()) return base;
    const { file_name, folder, image_format, ...rest } = base;
    return { kind: "plot", base: rest, language, ...options(), ...given({ file_name, folder, image_format }) };
  };
  const show = () => {
    flags.together.element.hidden = flags.vary_z.element.hidden = !axes[2].value();
    flags.vary_y.element.hidden = !axes[1].value();
    axes.forEach(axis => axis.show());
  };
  form.onChange(show);
  show();
  return { element, line: countLine(form, isOn, wrap), wrap };
}

const given = values => Object.fromEntries(Object.entries(values).filter(([, value]) => value));

/** Buttons that let two axes change places. */
function swaps(axes) {
  const swap = (one, other) => () => {
    const kept = axes[one].take();
    axes[one].put(axes[other].take());
    axes[other].put(kept);
  };
  const button = (one, other) => {
    const names = { one: PLACES[one].toUpperCase(), other: PLACES[other].toUpperCase() };
    const label = t("ui.plot.swap", names);
    const attributes = { type: "button", "aria-label": label, title: label, onclick: swap(one, other) };
    return h("button.quiet", attributes, `${names.one} ⇄ ${names.other}`);
  };
  return h("div.buttons", {}, button(0, 1), button(1, 2), button(0, 2));
}

/** How many pictures and sheets; or what is wrong, before it is asked for. */
function countLine(form, isOn, wrap) {
  const words = h("span");
  const element = h("p.memory.plot-count", { role: "status", hidden: true }, words);
  let timer = 0;
  let asked = "";
  const ask = async () => {
    const request = wrap(requestOf(form, form.key));
    const mine = (asked = JSON.stringify(request));
    const told = await post("/plots/plan", request).then(countOf, reasonOf);
    if (mine === asked && isOn()) say(words, told);
  };
  form.onChange(() => {
    clearTimeout(timer);
    element.hidden = !isOn();
    if (!element.hidden && live.link !== "offline") timer = setTimeout(ask, PAUSE);
  });
  element.hidden = !isOn();
  if (isOn()) timer = setTimeout(ask, PAUSE);
  return element;
}

const countOf = ({ pictures, sheets }) => `${tn("ui.plot.pictures", pictures)} · ${tn("ui.plot.sheets", sheets)}`;
const reasonOf = error => (error.problems ?? []).map(one => word(one)).join(" ");
