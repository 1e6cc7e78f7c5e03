// A field of several controls, as a form sees any field: with one value, and one place where problems are told.
import { h, newId, say } from "./dom.js";
import { local } from "./text.js";

/**
 * `inside` goes between the label and the problem. `tell()` says that the user changed something: what is typed inside
 * is none of the form's business. { name, element, control, fallback, blame, clear, tell }
 */
export function compound(data, ...inside) {
  const id = newId();
  const label = h("span.label", { id }, local(data.title));
  const problem = h("p.problem", { role: "alert", hidden: true });
  const control = h("span", { hidden: true }); // beside the others, so that their events do not come by
  const group = { role: "group", "aria-labelledby": id, "data-field": data.name };
  const element = h("div.field.compound", group, label, ...inside, problem, control);
  control.focus = () => element.querySelector("input:not(.unseen), select, textarea, button")?.focus();
  const blame = sentence => {
    say(problem, sentence);
    problem.hidden = !sentence;
  };
  return {
    ...{ name: data.name, element, control, fallback: data.default ?? null, blame },
    clear: () => blame(""),
    tell: () => control.dispatchEvent(new Event("input")),
  };
}
