// Keys moved, made and taken away in the plot: by mouse, finger and keyboard.
import { stepOf } from "./animation_axis.js";
import { scaleOf } from "./animation_plot.js";

const STEADY = 4; // pixels that a hand moves while it only points
const TWICE = 400; // milliseconds between two presses that are one
const NEVER = { time: -TWICE, x: 0, y: 0 };

/**
 * desk: { axis(), curve(name), active(), cursor(), snaps(), pick(name, frame), move(name, frame, to, value), add(frame, value),
 * remove(name, frame), seek(frame), group(), focusValue() }.
 */
export function handsOn(svg, desk) {
  let drag = null;
  let last = NEVER;

  const placeOf = event => {
    const box = svg.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const down = event => {
    if (event.button) return;
    const place = placeOf(event);
    const mark = event.target.closest(".key");
    if (!mark && twice(event, place)) {
      event.preventDefault();
      return add(place);
    }
    if (!mark) {
      drag = { seeking: event.pointerType !== "touch" || place.y < 20, from: place };
      if (drag.seeking) desk.seek(desk.axis().frame(place.x));
    } else {
      const { name, frame } = mark.dataset;
      const curve = desk.curve(name);
      const key = curve.keys.find(one => one.frame === Number(frame));
      const y = Number(/ ([-\d.]+)\)/.exec(mark.getAttribute("transform"))[1]);
      drag = { name, frame: key.frame, from: place, off: place.y - y, scale: scaleOf(curve.range), step: stepOf(curve.range.low, curve.range.high), fixed: key.number === null };
      desk.pick(name, key.frame);
      desk.group(curve);
    }
    svg.setPointerCapture(event.pointerId);
  };
  const move = event => {
    if (!drag) return;
    const place = placeOf(event);
    if (drag.seeking) return desk.seek(desk.axis().frame(place.x));
    if (!drag.name) return;
    if (!drag.moving && Math.hypot(place.x - drag.from.x, place.y - drag.from.y) < STEADY) return;
    drag.moving = true;
    const [along, up] = [Math.abs(place.x - drag.from.x), Math.abs(place.y - drag.from.y)];
    const only = event.shiftKey ? (along > up ? "time" : "value") : null; // one of both
    const frame = event.altKey ? desk.axis().frame(place.x) : desk.axis().snapped(place.x, desk.snaps(drag.name));
    const exact = drag.scale.value(place.y - drag.off);
    const value = event.altKey ? exact : Math.round(exact / drag.step) * drag.step;
    drag.frame = desk.move(drag.name, drag.frame, only === "value" ? drag.frame : frame, drag.fixed || only === "time" ? null : value);
  };
  const up = () => {
    if (drag?.name) desk.group(null);
    drag = null;
  };
  // `touch-action` counts for the drawing as a whole: without this the page scrolls away with the key.
  svg.addEventListener("touchstart", event => event.target.closest(".key") && event.preventDefault(), { passive: false });
  svg.addEventListener("pointerdown", down);
  svg.addEventListener("pointermove", move);
  svg.addEventListener("pointerup", up);
  svg.addEventListener("pointercancel", up);
  /** The second press of two: what the browser calls a double click needs a target that stays. */
  const twice = (event, { x, y }) => {
    const again = event.timeStamp - last.time < TWICE && Math.hypot(x - last.x, y - last.y) < 3 * STEADY;
    last = again ? NEVER : { time: event.timeStamp, x, y };
    return again;
  };
  const add = ({ x, y }) => {
    if (!desk.active()) return;
    const { range } = desk.active();
    const step = stepOf(range.low, range.high);
    desk.add(desk.axis().snapped(x, desk.snaps()), Math.round(scaleOf(range).value(y) / step) * step);
  };
  svg.addEventListener("focusin", event => {
    const mark = event.target.closest(".key");
    if (mark) desk.pick(mark.dataset.name, Number(mark.dataset.frame));
  });
  svg.addEventListener("keydown", event => {
    const mark = event.target.closest(".key");
    if (event.ctrlKey || event.metaKey || event.isComposing) return;
    const act = mark ? onKey(event, desk, desk.curve(mark.dataset.name), Number(mark.dataset.frame)) : onPlot(event, desk);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  });
}

/** What a key of the keyboard does to the key of the schedule that has the focus. */
function onKey(event, desk, curve, frame) {
  const key = curve.keys.find(one => one.frame === frame);
  const far = event.shiftKey ? 10 : 1;
  const step = stepOf(curve.range.low, curve.range.high) * far;
  const other = by => {
    const next = curve.keys[curve.keys.indexOf(key) + by];
    if (next) desk.pick(curve.name, next.frame);
  };
  const value = by => key.number !== null && desk.move(curve.name, frame, frame, Math.round((key.number + by) / step) * step);
  return {
    ArrowLeft: () => desk.move(curve.name, frame, frame - far, null),
    ArrowRight: () => desk.move(curve.name, frame, frame + far, null),
    ArrowUp: () => value(step),
    ArrowDown: () => value(-step),
    PageUp: () => other(-1),
    PageDown: () => other(1),
    Home: () => desk.pick(curve.name, curve.keys[0].frame),
    End: () => desk.pick(curve.name, curve.keys.at(-1).frame),
    Delete: () => desk.remove(curve.name, frame),
    Backspace: () => desk.remove(curve.name, frame),
    Enter: () => desk.focusValue(),
  }[event.key];
}

/** Where no key has the focus: the arrows move the cursor, Enter makes a key there. */
function onPlot(event, desk) {
  const far = event.shiftKey ? 10 : 1;
  return {
    ArrowLeft: () => desk.seek(desk.cursor() - far),
    ArrowRight: () => desk.seek(desk.cursor() + far),
    Enter: () => desk.add(desk.cursor(), null),
  }[event.key];
}
