// Every setting of Deforum's that the form has no field of its own for, by group, with a search.
import { h, say } from "./dom.js";
import { fold } from "./form.js";
import { t, tn } from "./text.js";

/**
 * settings: plain data of each, { name, kind, default, group, choices }.
 * held: { get(), set(values) } keeps what is not at its default.
 */
export function settingsPart(settings, held, onChange) {
  const search = h("input.search", { type: "text", placeholder: t("ui.animation.settings.search"), "aria-label": t("ui.animation.settings.search") });
  const only = h("input", { type: "checkbox", role: "switch" });
  const count = h("span.said", { role: "status" });
  const list = h("div.every");
  const top = h("div.row.field", {}, search, h("label.only.toggle", {}, only, t("ui.animation.settings.changed")), count);
  const element = fold("animation.settings", t("ui.animation.settings"), top, list);
  element.classList.add("all-settings");
  let rows = [];

  const changedOnes = () => settings.filter(one => isChanged(one, held.get()[one.name]));
  const put = (one, value) => {
    const { [one.name]: _, ...rest } = held.get();
    held.set(isChanged(one, value) ? { ...rest, [one.name]: value } : rest);
    tell();
    onChange();
  };
  const tell = () => {
    for (const row of rows) row.mark();
    say(count, tn("ui.animation.settings.count", changedOnes().length));
  };
  const sift = () => {
    const words = search.value.toLowerCase().split(/[\s_]+/).filter(Boolean);
    const fits = one => words.every(word => one.name.toLowerCase().includes(word) || t(`ui.animation.group.${one.group}`).toLowerCase().includes(word));
    for (const row of rows) row.element.hidden = !fits(row.one) || (only.checked && !isChanged(row.one, held.get()[row.one.name]));
    for (const group of list.children) group.hidden = ![...group.querySelectorAll(".setting")].some(row => !row.hidden);
  };
  const build = () => {
    if (rows.length) return;
    rows = settings.map(one => rowOf(one, () => held.get()[one.name], value => put(one, value)));
    const groups = [...new Set(settings.map(one => one.group))];
    list.replaceChildren(
      ...groups.map(group =>
        h(
          "fieldset",
          {},
          h("legend", {}, t(`ui.animation.group.${group}`)),
          ...rows.filter(row => row.one.group === group).map(row => row.element),
        ),
      ),
    );
    show();
  };
  const show = () => {
    for (const row of rows) row.show();
    tell();
    sift();
  };
  search.addEventListener("input", sift);
  only.addEventListener("input", sift);
  element.addEventListener("toggle", () => element.open && build());
  if (element.open) build();
  tell();
  /** Told when the settings were changed elsewhere. */
  return { element, show };
}

const written = value => (value !== null && typeof value === "object" ? JSON.stringify(value) : String(value ?? ""));
const isChanged = (one, value) => value !== undefined && written(value) !== written(one.default);

function rowOf(one, held, put) {
  const control = controlOf(one);
  const back = h("button.chip", { type: "button", onclick: () => (put(one.default), row.show()) }, t("ui.animation.settings.back"));
  const element = h(`div.setting.field${one.kind === "bool" ? ".toggle" : ""}`, {}, h("label", {}, h("span.name", {}, one.name), control), back);
  const read = () => valueOf(one, control);
  control.addEventListener("change", () => put(read()));
  const row = {
    one,
    element,
    show: () => {
      const value = held() ?? one.default;
      if (one.kind === "bool") control.checked = Boolean(value);
      else control.value = written(value);
    },
    mark: () => {
      const differs = isChanged(one, held());
      element.classList.toggle("changed", differs);
      back.hidden = !differs;
    },
  };
  return row;
}

function controlOf({ kind, choices, low, high }) {
  if (kind === "bool") return h("input", { type: "checkbox", role: "switch" });
  if (kind === "choice") return h("select", {}, ...choices.map(name => h("option", { value: name }, name)));
  if (kind === "int" || kind === "number") return h("input", { type: "number", step: kind === "int" ? 1 : "any", min: low, max: high, autocomplete: "off" });
  return h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
}

/** What the control says, as a settings file has it. */
function valueOf({ kind }, control) {
  if (kind === "bool") return control.checked;
  if (kind === "int" || kind === "number") return control.value === "" ? null : Number(control.value);
  if (kind === "json" || kind === "image") {
    try {
      return JSON.parse(control.value || "null");
    } catch {
      return control.value; // the server says what is wrong with it
    }
  }
  return control.value;
}
