// Form fields from plain data: { name, kind, title, min, max, step, choices, default, … }.
// A field is { name, element, control, fallback, read(), write(value), blame(sentence), clear() }.
import { h } from "./dom.js";
import { frame } from "./field_frame.js";
import { number } from "./number_field.js";
import { local, t } from "./text.js";

export { blaming, frame } from "./field_frame.js";
export { firstOf, number, numberOrSchedule } from "./number_field.js";

/** The field that fits the data. */
export function field(data) {
  const make = { number, integer: number, text, toggle, choice }[data.kind];
  return make({ slider: wholeRange(data), ...data, choices: named(data) });
}

/** Choices by what they are called, where the field says it. */
const named = ({ choices, words }) =>
  words ? choices.map(value => ({ value, label: local(words[value]) || value })) : choices;

function wholeRange({ kind, min, max, step }) {
  if (min === undefined || max === undefined) return null;
  return [min, max, step ?? (kind === "integer" ? 1 : (max - min) / 100)];
}

/** A text box that grows with its text. */
export function text(data) {
  const box = h("textarea", {
    rows: data.rows ?? 1,
    spellcheck: "false",
    autocomplete: "off",
    placeholder: data.placeholder ? t(data.placeholder) : null,
  });
  return { ...frame(data, box), read: () => box.value, write: value => (box.value = value ?? "") };
}

/** One line; also for whole numbers too long for JavaScript. */
export function line(data, ...beside) {
  const box = h("input", {
    type: "text",
    inputmode: data.digits ? "numeric" : null,
    autocomplete: "off",
    spellcheck: "false",
  });
  return {
    ...frame(data, box, ...beside),
    read: () => box.value.trim(),
    write: value => (box.value = String(value ?? "")),
  };
}

/** A menu. `choices`: texts, or { value, label, disabled, group }; null is a value, too. */
export function choice(data) {
  const menu = h("select");
  const made = frame(data, menu);
  const offer = choices => {
    const kept = read();
    menu.replaceChildren(...grouped(choices));
    write(kept);
  };
  const read = () => (menu.value === "" ? null : menu.value);
  const write = value => {
    menu.querySelector("[data-missing]")?.remove();
    const wanted = value ?? "";
    if (![...menu.options].some(one => one.value === wanted) && wanted)
      menu.append(
        h("option", { value: wanted, "data-missing": true }, t("ui.menu.missing", { name: wanted })),
      );
    menu.value = wanted;
  };
  const offers = value =>
    [...menu.options].some(
      one => one.value === (value ?? "") && !one.disabled && !("missing" in one.dataset),
    );
  offer(data.choices ?? []);
  return { ...made, read, write, offer, offers };
}

/** Those that name a group stand in it, in the order in which they come. */
function grouped(choices) {
  const groups = new Map();
  const made = [];
  for (const one of choices) {
    const label = one?.group;
    if (!label) made.push(option(one));
    else {
      if (!groups.has(label)) made.push(groups.set(label, h("optgroup", { label })).get(label));
      groups.get(label).append(option(one));
    }
  }
  return made;
}

function option(one) {
  const { value, label, disabled } = typeof one === "object" ? one : { value: one, label: one };
  return h("option", { value: value ?? "", disabled }, label);
}

/** On or off. */
export function toggle(data) {
  const box = h("input", { type: "checkbox", role: "switch" });
  const made = frame(data, box);
  made.element.classList.add("toggle");
  return { ...made, read: () => box.checked, write: value => (box.checked = Boolean(value)) };
}
