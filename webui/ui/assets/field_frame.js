// What all fields share: the label, the hint, and the place where a problem is told.
import { h, newId } from "./dom.js";
import { local, t } from "./text.js";

export const labelOf = data => (data.label ? t(data.label) : local(data.title));

/** A label, the control, a hint, and the place where a problem is told. */
export function frame(data, control, ...beside) {
  const id = newId();
  control.id = id;
  const hint = data.hint ? h("p.hint", { id: `${id}-hint` }, t(data.hint)) : null;
  const problem = h("p.problem", { id: `${id}-problem`, hidden: true });
  const row = beside.length ? h("div.row", {}, control, ...beside) : control;
  const element = h(
    "div.field",
    { "data-field": data.name },
    h("label", { for: id }, labelOf(data)),
    row,
    hint,
    problem,
  );
  return { name: data.name, element, control, fallback: data.default, ...blaming(control, hint, problem) };
}

/** How a field tells what is wrong with it: in words below, and to those who do not see them. */
export function blaming(control, hint, problem) {
  const describe = (...parts) => {
    const ids = parts
      .filter(Boolean)
      .map(part => part.id)
      .join(" ");
    if (ids) control.setAttribute("aria-describedby", ids);
    else control.removeAttribute("aria-describedby");
  };
  const turn = sentence => {
    problem.textContent = sentence;
    problem.hidden = !sentence;
    if (sentence) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    describe(hint, sentence && problem);
  };
  describe(hint);
  return { blame: turn, clear: () => problem.hidden || turn("") };
}
