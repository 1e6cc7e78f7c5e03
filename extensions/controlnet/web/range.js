// From which to which share of the steps a unit counts: two numbers, and one slider with two handles.
import { h, newId, numberOrSchedule } from "easel";

export function rangeField({ t, tab }, { read, update }) {
  const id = newId();
  const problem = h("p.problem", { id: `${id}-problem`, hidden: true });
  const handles = {};
  const boxes = {};
  const names = ["start", "end"];
  const track = h("div.control-range", {});
  const show = () => {
    for (const name of names) {
      const value = read()[name];
      if (document.activeElement !== boxes[name]) boxes[name].value = value;
      handles[name].value = value;
      boxes[name].classList.toggle("schedule", isSchedule(value));
      track.style.setProperty(`--${name}`, handles[name].value);
    }
    track.hidden = names.some(name => isSchedule(read()[name]));
  };
  const set = (name, value) => {
    blame("");
    update({ [name]: value });
    show();
  };
  const slide = name => () => {
    const [low, high] = name === "start" ? [0, read().end] : [read().start, 1];
    set(name, Math.min(high, Math.max(low, Number(handles[name].value))));
  };
  const type = name => () => set(name, numberOrSchedule(boxes[name].value) ?? (name === "end" ? 1 : 0));
  for (const name of names) {
    const bounds = { min: 0, max: 1, step: 0.01, "aria-label": t(name) };
    handles[name] = h("input", { type: "range", ...bounds, oninput: slide(name) });
    boxes[name] = h("input.number", { ...(tab === "animation" ? { type: "text" } : { type: "number", inputmode: "decimal" }), ...bounds, oninput: type(name), onblur: show });
  }
  track.append(handles.start, handles.end);
  const row = h("div.row", {}, boxes.start, track, boxes.end);
  const element = h(
    "div.field",
    { role: "group", "aria-labelledby": id, "data-field": "start" },
    h("span.label", { id }, t("range")),
    row,
    problem,
  );
  const blame = sentence => {
    problem.textContent = sentence;
    problem.hidden = !sentence;
  };
  show();
  return { name: "range", element, blame };
}

/** In an animation it may change over the frames. */
const isSchedule = value => typeof value === "string";
