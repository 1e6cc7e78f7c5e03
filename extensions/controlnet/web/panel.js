// The panel: units side by side as tabs, one of them to be seen.
import { Refused, arrange, h, icon } from "easel";
import { unitPart } from "./unit.js";

const MOST = 100;
const SIDES = { width: "settings.W", height: "settings.H" }; // and what an animation calls them
const EMPTY = {
  ...{ enabled: true, image: null, mask: null, preprocessor: "none", options: {}, resolution: null, model: null },
  ...{ weight: 1, start: 0, end: 1, mode: "balanced", resize_mode: "crop", control_type: null, low_memory: false },
  passes: "both",
  made_by: "", // the preprocessor that made the picture, where that is a map already
  batch: [],
};

export function mount(given) {
  const { element, change, t } = given;
  let units = []; // as they are now, each in an object of its own that stays: { unit }
  let chosen = 0;
  let shown = null; // the part of the chosen unit
  let model = null;
  const tabs = h("div.control-tabs", { role: "tablist", "aria-label": t("units"), onkeydown: event => step(event) });
  const add = h("button.quiet.control-add", { type: "button", onclick: () => put(units.length, EMPTY) }, icon("plus"), h("span", {}));
  const head = h("div.control-head", {}, tabs, add);
  const body = h("div.control-body", { role: "tabpanel" });
  const lead = h("p.hint", {}, t("lead"));
  const count = h("small.control-count", {});
  element.append(h("div.control-units", {}, lead, head, body));
  element.closest("details")?.querySelector("summary").append(count);

  const all = () => units.map(({ unit }) => unit);
  const tell = () => change({ units: all() });
  const showTabs = () => {
    const made = all().map(tabOf);
    arrange(tabs, made);
    tabs.hidden = !units.length;
    lead.hidden = units.length > 0;
    add.hidden = units.length >= MOST;
    add.lastChild.textContent = units.length ? t("more") : t("add");
    add.title = t("add");
    const on = units.filter(({ unit }) => unit.enabled).length;
    count.textContent = on ? String(on) : "";
  };
  const tabOf = (unit, i) => {
    const what = unit.preprocessor === "none" ? (unit.model ?? "").split("/").at(-1) : unit.preprocessor;
    const on = unit.enabled ? "" : ".off";
    const pressed = { role: "tab", "aria-selected": String(i === chosen), tabindex: i === chosen ? 0 : -1 };
    const title = [t("unit", { n: i + 1 }), what].filter(Boolean).join(" · ");
    return h(`button.control-tab${on}`, { type: "button", ...pressed, title, onclick: () => choose(i) }, title);
  };
  const step = event => {
    const to = { ArrowLeft: chosen - 1, ArrowRight: chosen + 1, Home: 0, End: units.length - 1 }[event.key];
    if (to === undefined || !units[to]) return;
    event.preventDefault();
    choose(to);
    tabs.children[to].focus();
  };
  const show = () => {
    showTabs();
    shown?.leave();
    shown = units.length ? partOf(units[chosen]) : null;
    body.replaceChildren(...(shown ? [shown.element] : []));
    body.hidden = !shown;
  };
  /** What is on its way to a unit (a picture that is sent) comes to that one, whichever is to be seen by then. */
  const partOf = mine => {
    const isSeen = () => units[chosen] === mine;
    const update = changes => {
      if (!units.includes(mine)) return; // it was removed
      mine.unit = { ...mine.unit, ...changes };
      showTabs();
      tell();
      if (isSeen() && shown !== part) show(); // it was left and come back to
    };
    const redraw = () => isSeen() && show();
    const part = unitPart({ ...given, model: () => model, size, redraw }, { read: () => mine.unit, update, copy, remove });
    return part;
  };
  const choose = i => {
    chosen = i;
    show();
  };
  const put = (at, unit) => {
    units = units.toSpliced(at, 0, { unit: structuredClone(unit) });
    tell();
    choose(at);
  };
  const copy = () => put(chosen + 1, units[chosen].unit);
  const remove = () => {
    units = units.toSpliced(chosen, 1);
    tell();
    choose(Math.max(0, Math.min(chosen, units.length - 1)));
    (tabs.children[chosen] ?? add).focus();
  };
  /** What is about to be drawn, in pixels. */
  const size = () => Object.keys(SIDES).map(side => sideOf(side) || (model?.card[side] ?? 512));
  const sideOf = side => Number(given.form.value(side) ?? given.form.value(SIDES[side]));
  const write = value => {
    if (JSON.stringify(value.units) === JSON.stringify(all()) && shown) return;
    units = value.units.map(one => ({ unit: { ...EMPTY, ...one } }));
    choose(Math.max(0, Math.min(chosen, units.length - 1)));
  };
  write(given.value);
  given.onModel(now => {
    model = now;
    shown?.suit();
  });
  return {
    write,
    blame: (sentence, place) => {
      const [, at, field] = place.split(".");
      if (sentence && units[at] && Number(at) !== chosen) choose(Number(at));
      shown?.blame(sentence, field);
    },
    focus: () => (tabs.children[chosen] ?? add).focus(),
    check: () => check(all(), given.tab),
    several: () => jobsOf(all()),
    off: value => ({ units: value.units.map(one => ({ ...one, enabled: false })) }),
  };
}

/** What is missing is said where it is missing, before there is a job. Throws Refused. */
function check(units, tab) {
  units.forEach((unit, i) => {
    const lacks = !unit.enabled ? null : needsModel(unit) ? "model" : tab === "txt2img" && !unit.image ? "image" : null;
    if (!lacks) return;
    const code = lacks === "model" ? "control_no_model" : "control_no_picture";
    throw new Refused(0, [{ code, field: `extensions.controlnet.units.${i}.${lacks}`, values: { number: i + 1 } }]);
  });
}

const needsModel = unit => !unit.model && !unit.preprocessor.startsWith("reference");

/** One value a job where units have several pictures: each job takes the next of every unit. Null: just one job. */
export function jobsOf(units) {
  const count = Math.max(...units.map(one => (one.enabled ? one.batch.length : 0)));
  if (!(count > 0)) return null;
  const nth = (unit, i) => ({ ...unit, batch: [], image: unit.batch[i % unit.batch.length] ?? unit.image });
  return Array.from({ length: count }, (_, i) => ({ units: units.map(unit => nth(unit, i)) }));
}
