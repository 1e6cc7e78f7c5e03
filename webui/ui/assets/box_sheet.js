// Rectangles on a sheet of the picture's proportion: drawn, moved and resized by pointer or keys.
import { h, say } from "./dom.js";
import { t } from "./text.js";

const STEP = 0.01;
const LEAST = 0.02; // of a side; less is a click
const HUES = [212, 24, 140, 300, 60, 180, 340, 100];

const snapped = share => Math.min(1, Math.max(0, Math.round(share / STEP) * STEP));
const tidy = box => box.map(share => Math.round(share * 1e4) / 1e4);
/** Its corners in order, not beyond the sheet. */
const upright = ([a, b, c, d]) =>
  tidy([Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)].map(snapped));

/** The box moved as a whole, as far as the sheet goes. */
export function moved([left, top, right, bottom], across, down) {
  const x = Math.max(-left, Math.min(1 - right, across));
  const y = Math.max(-top, Math.min(1 - bottom, down));
  return tidy([left + x, top + y, right + x, bottom + y]);
}

/** The box with its corner 0…3 (left or right, top or bottom) moved; what would leave nothing of it, is not done. */
export function stretched(box, corner, across, down) {
  const next = [...box];
  next[corner & 1 ? 2 : 0] += across;
  next[corner & 2 ? 3 : 1] += down;
  const made = upright(next);
  return made[2] - made[0] < LEAST || made[3] - made[1] < LEAST ? box : made;
}

/**
 * size(): of the picture. boxes(): what to show. name(i): what one is called. draw(box): one was drawn.
 * change(i, box). remove(i): null where none can go. { element, show() }
 */
export function boxSheet({ size, boxes, name, draw, change, remove = null }) {
  const hint = h("p.hint", {}, t(remove ? "ui.panel.sheet.many" : "ui.panel.sheet.one"));
  const paper = h("div.sheet-paper", {});
  const element = h("div.box-sheet", {}, h("div.sheet-view", {}, paper), hint);
  const parts = [];
  const put = (part, [left, top, right, bottom]) =>
    Object.assign(part.style, {
      left: `${left * 100}%`,
      top: `${top * 100}%`,
      width: `${(right - left) * 100}%`,
      height: `${(bottom - top) * 100}%`,
    });
  const partOf = i => {
    const corners = [0, 1, 2, 3].map(corner => h("span.corner", { "data-corner": corner, "aria-hidden": "true" }));
    const part = h("button.sheet-box", { type: "button", "data-box": i, onkeydown: event => press(event, i) }, h("span.sheet-name", {}), ...corners);
    part.style.setProperty("--hue", HUES[i % HUES.length]);
    return part;
  };
  const show = () => {
    const [width, height] = size();
    paper.style.setProperty("--ratio", width / height);
    const now = boxes();
    while (parts.length > now.length) parts.pop().remove();
    while (parts.length < now.length) paper.append((parts[parts.length] = partOf(parts.length)));
    now.forEach((box, i) => {
      const [left, top, right, bottom] = box.map(share => Math.round(share * 100));
      const words = t("ui.panel.sheet.box", { name: name(i), left, top, right, bottom });
      parts[i].setAttribute("aria-label", words);
      say(parts[i].firstChild, name(i));
      put(parts[i], box);
    });
  };
  const press = (event, i) => {
    const arrow = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (event.key === "Delete" && remove) remove(i);
    else if (arrow) change(i, event.shiftKey ? stretched(boxes()[i], 3, ...arrow) : moved(boxes()[i], ...arrow));
    else return;
    event.preventDefault();
  };

  const at = event => {
    const { left, top, width, height } = paper.getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height];
  };
  /** What a drag makes of the box that it began on; of a new one where it began on none. */
  const dragOf = event => {
    const from = at(event);
    const part = event.shiftKey ? null : event.target.closest(".sheet-box"); // with Shift, over another one
    const corner = event.target.dataset.corner;
    if (!part) return { i: null, box: now => upright([...from, ...now]) };
    const i = Number(part.dataset.box);
    const before = boxes()[i];
    const by = now => [snappedBy(now[0] - from[0]), snappedBy(now[1] - from[1])];
    const make = corner === undefined ? moved : (box, ...way) => stretched(box, Number(corner), ...way);
    return { i, box: now => make(before, ...by(now)) };
  };
  paper.addEventListener("pointerdown", event => {
    if (event.button !== 0) return;
    const drag = dragOf(event);
    if (drag.i === null) event.preventDefault(); // a box takes the focus, the paper has none to take
    paper.setPointerCapture(event.pointerId);
    const ghost = drag.i === null ? h("span.sheet-box.ghost", {}) : parts[drag.i];
    if (drag.i === null) paper.append(ghost);
    let last = null;
    const move = now => put(ghost, (last = drag.box(at(now))));
    const end = now => {
      for (const [kind, what] of listeners) paper.removeEventListener(kind, what);
      if (drag.i === null) ghost.remove();
      const large = last && last[2] - last[0] >= LEAST && last[3] - last[1] >= LEAST;
      if (now.type === "pointerup" && large) drag.i === null ? draw(last) : change(drag.i, last);
      show();
    };
    const listeners = Object.entries({ pointermove: move, pointerup: end, pointercancel: end });
    for (const [kind, what] of listeners) paper.addEventListener(kind, what);
  });
  return { element, show };
}

const snappedBy = share => Math.round(share / STEP) * STEP;
