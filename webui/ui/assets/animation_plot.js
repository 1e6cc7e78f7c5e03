// Schedules drawn over the time axis: each curve over its own range, with its keys on it.
import { APART, PAD, shape, ticksOf, told } from "./animation_axis.js";
import { arrange } from "./dom.js";
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

/** Between a curve's values and pixels; `box` is where its lowest and highest stand. */
export const scaleOf = ({ low, high, box: [top, bottom] = [RULER + EDGE, RULER + HIGH - EDGE] }) => ({
  y: value => bottom - ((value - low) / (high - low)) * (bottom - top),
  value: y => low + ((bottom - y) / (bottom - top)) * (high - low),
});

/** curves: { name, label, colour, values, range, keys, active }[]; the active one lies on top. */
export function drawPlot(svg, { axis, at, curves, picked, cursor, labels }) {
  svg.setAttribute("width", axis.width);
  svg.setAttribute("height", plotHeight);
  svg.setAttribute("aria-label", t("ui.animation.plan.curves", { names: curves.map(one => one.label).join(", ") }));
  const ordered = [...curves].sort((a, b) => a.active - b.active);
  const active = curves.find(one => one.active);
  if (!svg.firstChild) svg.append(shape("g"), shape("g"));
  const [back, front] = svg.children;
  back.replaceChildren(
    ...ruler(axis),
    ...flags(labels, axis),
    ...(active ? bounds(active.range, axis) : []),
    ...ordered.map(one => lineOf(one, axis, at)),
    shape("line", { class: "cursor", x1: axis.x(cursor), x2: axis.x(cursor), y1: 0, y2: plotHeight }),
  );
  drawKeys(front, ordered, { axis, at, picked });
}

/** Marks stay the elements that they are: a finger or the focus may be on one. */
export function drawKeys(front, curves, where) {
  const known = new Map([...front.children].map(mark => [mark.dataset.of, mark]));
  const marks = curves.flatMap(one => one.keys.map((key, i) => keyMark(one, key, i, where, known)));
  arrange(front, marks.filter(Boolean));
}

const ruler = axis =>
  ticksOf(axis).flatMap(frame => {
    const x = axis.x(frame);
    const late = x > axis.width - 40;
    const words = shape("text", { class: "tick", x: late ? x - 4 : x + 4, y: 14, "text-anchor": late ? "end" : "start" }, told(frame));
    return [shape("line", { class: "rule", x1: x, x2: x, y1: 4, y2: plotHeight }), words];
  });

/** Names of frames; of those that stand too close, the first. */
function flags(labels, axis) {
  let free = -Infinity;
  const placed = Object.entries(labels).filter(([, frame]) => frame >= 0 && frame < axis.count);
  return placed.sort((a, b) => a[1] - b[1]).flatMap(([name, frame]) => {
    const x = axis.x(frame);
    const line = shape("line", { class: "flag", x1: x, x2: x, y1: RULER, y2: plotHeight });
    if (x < free) return [line];
    free = x + APART;
    return [line, shape("text", { class: "flag-name", x: x + 3, y: plotHeight - 5 }, name)];
  });
}

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

export function lineOf({ values, range, colour, active }, axis, at) {
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

function keyMark(curve, key, n, { axis, at, picked }, known) {
  if (key.frame > axis.count - 1) return null;
  const value = key.number ?? valueAt(curve.values, at, key.frame) ?? (curve.range.low + curve.range.high) / 2;
  const [x, y] = [axis.x(key.frame), scaleOf(curve.range).y(value)];
  const chosen = picked?.name === curve.name && picked.frame === key.frame;
  const formula = key.number === null;
  const of = `${curve.name} ${n} ${formula}`;
  const mark = known.get(of) ?? newMark(of, formula);
  const means = { frame: told(key.frame), value: formula ? key.value : told(key.number) };
  const attributes = {
    class: `key of-${curve.colour}${chosen ? " picked" : ""}${formula ? " formula" : ""}`,
    tabindex: chosen || (!picked && curve.active && n === 0) ? 0 : -1,
    "aria-label": t("ui.animation.key", { name: curve.label, n: n + 1, all: curve.keys.length }),
    "aria-valuenow": value,
    "aria-valuetext": t("ui.animation.key.at", means),
    transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`,
    "data-name": curve.name,
    "data-frame": key.frame,
  };
  for (const [name, one] of Object.entries(attributes)) mark.setAttribute(name, one);
  return mark;
}

function newMark(of, formula) {
  const dot = formula ? shape("path", { class: "dot", d: "M0-7 7 0 0 7-7 0z" }) : shape("circle", { class: "dot", r: 5.5 });
  return shape("g", { role: "slider", "data-of": of }, shape("circle", { class: "grip", r: GRIP }), dot);
}
