// One of a few, side by side: for what changes the rest of a form, and is worth being seen at once.
import { h, newId } from "./dom.js";
import { blaming } from "./fields.js";
import { t } from "./text.js";

/** `choices`: [{ value, label, hint }]; the hint is a tooltip. */
export function segments(data) {
  const id = newId();
  const radios = data.choices.map(({ value }) => h("input", { type: "radio", name: id, value }));
  const options = data.choices.map(({ label, hint }, i) =>
    h("label", { title: hint ?? null }, radios[i], h("span", {}, label)),
  );
  const control = h("div.segments", { role: "radiogroup", "aria-labelledby": `${id}-label` }, options);
  const problem = h("p.problem", { id: `${id}-problem`, hidden: true });
  const label = h(`span.label${data.quiet ? ".unseen" : ""}`, { id: `${id}-label` }, t(data.label));
  const element = h("div.field", { "data-field": data.name }, label, control, problem);
  const write = value => {
    for (const radio of radios) radio.checked = radio.value === value;
  };
  return {
    name: data.name,
    element,
    control,
    fallback: data.default,
    read: () => radios.find(radio => radio.checked)?.value ?? null,
    write,
    offers: value => radios.some(radio => radio.value === value),
    ...blaming(control, null, problem),
  };
}
