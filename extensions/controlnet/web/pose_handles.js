// The points of a pose as things to take hold of: with a pointer, a finger, or the arrow keys.
import { h } from "easel";
import { copy } from "./pose_data.js";

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const LONG = 10; // pixels of an arrow with Shift

/** The pose with a point of a person, or all of him, moved. */
export function moved(pose, person, point, [dx, dy], whole) {
  const next = copy(pose);
  const one = next.people[person];
  const shift = points => points.map(at => at && [at[0] + dx, at[1] + dy]);
  if (whole) Object.assign(one, { body: shift(one.body), hands: one.hands.map(shift), face: shift(one.face) });
  else {
    const at = one.body[point];
    one.body[point] = [clamp(at[0] + dx, pose.width), clamp(at[1] + dy, pose.height)];
  }
  return next;
}

const clamp = (value, most) => Math.min(most, Math.max(0, value));

/** paper: where they lie. preview(pose) draws, commit(before, after) makes it a step that can be undone. */
export function handles(paper, { t, pose, chosen, whole, choose, preview, commit }) {
  const rows = new Map(); // "person point" -> its button

  const scale = () => pose().width / paper.getBoundingClientRect().width;
  const put = (element, [x, y]) => {
    element.style.left = `${(100 * x) / pose().width}%`;
    element.style.top = `${(100 * y) / pose().height}%`;
  };
  const place = () => {
    for (const [key, element] of rows) {
      const [person, point] = key.split(" ").map(Number);
      const at = pose().people[person]?.body[point];
      element.hidden = !at;
      if (at) put(element, at);
      element.classList.toggle("chosen", person === chosen());
    }
  };
  const handle = (person, point) => {
    const label = `${t("pose.person", { n: person + 1 })}: ${t(`pose.point.${point}`)}`;
    const element = h("button.pose-point", { type: "button", "aria-label": label, title: label });
    element.addEventListener("focus", () => person !== chosen() && choose(person));
    element.addEventListener("pointerdown", event => drag(event, element, person, point));
    element.addEventListener("keydown", event => press(event, person, point));
    return element;
  };
  const drag = (event, element, person, point) => {
    if (event.button !== 0) return;
    event.preventDefault();
    element.focus();
    element.setPointerCapture(event.pointerId);
    const [before, from, factor] = [pose(), [event.clientX, event.clientY], scale()];
    const all = whole() || event.shiftKey;
    const move = now => {
      preview(moved(before, person, point, [(now.clientX - from[0]) * factor, (now.clientY - from[1]) * factor], all));
      place();
    };
    const end = now => {
      element.removeEventListener("pointermove", move);
      const after = pose();
      if (now.type === "pointerup" && after !== before) commit(before, after);
      else preview(before);
      place();
    };
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", end, { once: true });
    element.addEventListener("pointercancel", end, { once: true });
  };
  const press = (event, person, point) => {
    const arrow = ARROWS[event.key];
    const before = pose();
    if (arrow) {
      const step = event.shiftKey ? LONG : 1;
      commit(before, moved(before, person, point, arrow.map(value => value * step), whole() || event.altKey));
    } else if (event.key === "Delete" || event.key === "Backspace") {
      const next = copy(before);
      next.people[person].body[point] = null;
      commit(before, next);
    } else return;
    event.preventDefault();
  };
  return {
    /** After a change of the persons or of the canvas. */
    arrange: () => {
      const wanted = pose().people.flatMap((one, person) => one.body.map((_, point) => `${person} ${point}`));
      for (const key of rows.keys()) if (!wanted.includes(key)) (rows.get(key).remove(), rows.delete(key));
      for (const key of wanted) {
        if (rows.has(key)) continue;
        rows.set(key, handle(...key.split(" ").map(Number)));
        paper.append(rows.get(key));
      }
      place();
    },
  };
}
