// Schedules drawn over the time axis: each curve over its own range, with its keys on it.
import { PAD, shape, ticksOf, told } from "./animation_axis.js";
import { t } from "./text.js";

const RULER = 20; // pixels of the numbers above
const HIGH = 150;
const EDGE = 12; // above and below a curve, so that its keys are whole
const GRIP = 12; // pixels around a key that belong to it
export const COLOURS = 6; // those of animation.css
// How far a value that is always the same may be drawn up and down, where it is not about 10.
const SPANS = { zoom: 0.1, strength_schedule: 0.25, noise_schedule: 0.05, cfg_scale_schedule: 4 };
const SPAN = 10;

export const plotHeight = RULER + HIGH;

/** The values between which a schedule is drawn: its own, or some about the one that it has. */
export function rangeOf(name, values, keys) {
  const all = [...values.filter(one => one !== null), ...keys.map(one => one.number).filter(one => one !== null)];
  if (!all.length) return { low: 0, high: 1, still: true };
  const [low, high] = [Math.min(...all), Math.max(...all)];
  if (low < high) return { low, high, still: false };
  const span = SPANS[name] ?? SPAN;
  return { low: low - span, high: low + span, still: true };
}

/** Between a curve's values and pixels. */
export const scaleOf = ({ low, high }) => ({
  y: value => RULER + HIGH - EDGE - ((value - low) / (high - low)) * (HIGH - 2 * EDGE),
  value: y => low + ((RULER + HIGH - EDGE - y) / (HIGH - 2 * EDGE)) * (high - low),
});

/** curves: { name, label, colour, values, range, keys, active }[]; the active one lies on top. */
export function drawPlot(svg, { axis, at, curves, picked, cursor }) {
  svg.setAttribute("width", axis.width);
  svg.setAttribute("height", plotHeight);
  svg.setAttribute("aria-label", t("ui.animation.plan.curves", { names: curves.map(one => one.label).join(", ") }));
  const ordered = [...curves].sort((a, b) => a.active - b.active);
  const active = curves.find(one => one.active);
  svg.replaceChildren(
    ...ruler(axis),
    ...(active ? bounds(active.range, axis) : []),
    ...ordered.map(one => lineOf(one, axis, at)),
    shape("line", { class: "cursor", x1: axis.x(cursor), x2: axis.x(cursor), y1: 0, y2: plotHeight }),
    ...ordered.flatMap(one => one.keys.map((key, i) => keyMark(one, key, i, { axis, at, picked }))),
  );
}

const ruler = axis =>
  ticksOf(axis).flatMap(frame => {
    const x = axis.x(frame);
    const late = x > axis.width - 40;
    const words = shape("text", { class: "tick", x: late ? x - 4 : x + 4, y: 14, "text-anchor": late ? "end" : "start" }, told(frame));
    return [shape("line", { class: "rule", x1: x, x2: x, y1: 4, y2: plotHeight }), words];
  });

/** The largest and the smallest value of the curve that is worked on. */
function bounds(range, axis) {
  const { y } = scaleOf(range);
  const right = { class: "bound", x: axis.width - 2 * PAD - 4, "text-anchor": "end" };
  const rows = [
    [range.high, y(range.high) - 3],
    [range.low, plotHeight - 4],
  ];
  return rows.map(([value, place]) => shape("text", { ...right, y: place }, told(value)));
}

function lineOf({ values, range, colour, active }, axis, at) {
  const { y } = scaleOf(range);
  let pen = "M";
  const points = values.map((value, place) => {
    if (value === null) return (pen = "M") && ""; // a gap
    const point = `${pen}${axis.x(at[place]).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = "L";
    return point;
  });
  return shape("path", { d: points.join(""), class: `curve of-${colour}${active ? " active" : ""}` });
}

/** What a schedule is at a frame, by its curve. */
export function valueAt(values, at, frame) {
  const next = at.findIndex(one => one >= frame);
  if (next < 0) return values.at(-1) ?? null;
  if (at[next] === frame || next === 0) return values[next] ?? null;
  const [before, after] = [values[next - 1], values[next]];
  if (before === null || after === null) return null;
  return before + ((after - before) * (frame - at[next - 1])) / (at[next] - at[next - 1]);
}

function keyMark(curve, key, n, { axis, at, picked }) {
  if (key.frame > axis.count - 1) return "";
  const value = key.number ?? valueAt(curve.values, at, key.frame) ?? (curve.range.low + curve.range.high) / 2;
  const [x, y] = [axis.x(key.frame), scaleOf(curve.range).y(value)];
  const chosen = picked?.name === curve.name && picked.frame === key.frame;
  const gaps = { name: curve.label, n: n + 1, all: curve.keys.length };
  const means = { frame: told(key.frame), value: key.number === null ? key.value : told(key.number) };
  const mark = shape(
    "g",
    {
      class: `key of-${curve.colour}${chosen ? " picked" : ""}${key.number === null ? " formula" : ""}`,
      role: "slider",
      tabindex: chosen || (!picked && curve.active && n === 0) ? 0 : -1,
      "aria-label": t("ui.animation.key", gaps),
      "aria-valuenow": value,
      "aria-valuetext": t("ui.animation.key.at", means),
      transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    },
    shape("circle", { class: "grip", r: GRIP }),
    key.number === null ? shape("path", { class: "dot", d: "M0-7 7 0 0 7-7 0z" }) : shape("circle", { class: "dot", r: 5.5 }),
  );
  mark.dataset.name = curve.name;
  mark.dataset.frame = key.frame;
  return mark;
}
