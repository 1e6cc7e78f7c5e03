// The plan of an animation before it is drawn: its schedules as curves over the time axis, to be edited there,
// its frames as a table, and what is wrong. The server works it out; nothing here reads a formula.
import { chipsPart } from "./animation_chips.js";
import { historyOf, keysDesk } from "./animation_desk.js";
import { handsOn } from "./animation_hands.js";
import { keyRow } from "./animation_key.js";
import { frameOf } from "./animation_keys.js";
import { axisOf, shape, windowPart } from "./animation_axis.js";
import { COLOURS, drawPlot, rangeOf } from "./animation_plot.js";
import { ROWS, tablePart } from "./animation_table.js";
import { post } from "./api.js";
import { h, iconButton } from "./dom.js";
import { fold } from "./form.js";
import { recall } from "./store.js";
import { t, word } from "./text.js";

const PAUSE = 400; // milliseconds without a change, after which the server is asked
const [LEAST_POINTS, MOST_POINTS] = [480, 10_000]; // of a curve
const WIDE = 860; // pixels of a window that has room for it

/** What the names and times in keys mean by these settings. */
export function clockOf({ max_frames, fps, bpm = 120, seed, W: width, H: height, labels: named }, frames = Number(max_frames)) {
  const clock = { frames, fps: Number(fps), bpm: Number(bpm), seed: Number(seed), width, height };
  const labels = Object.entries(named ?? {}).map(([name, at]) => [name, frameOf(String(at), clock)]);
  return { ...clock, labels: Object.fromEntries(labels.filter(([, frame]) => Number.isFinite(frame))) };
}

/**
 * `requestOf()` says what the form asks for, `schedules()` the names of the curves there are.
 * Returns its element and what the tracks below the curves need: state, axis(), on what they may be told of.
 */
export function planPart(form, requestOf, schedules) {
  const state = { plan: null, active: null, picked: null, cursor: 0, axis: axisOf(1, 1), sources: [] };
  const problems = h("div.findings", { role: "status" });
  const svg = shape("svg", { class: "curves", role: "group", tabindex: 0 });
  const table = tablePart(first => ask(first));
  const tracks = h("div.below-curves");
  const view = windowPart([svg, tracks], () => {
    draw();
    const coarse = state.plan && points < Math.min(MOST_POINTS, state.axis.width, state.plan.frame_count);
    if (coarse) hurry(); // one looks closer than it is known
  });
  const watchers = [];
  let blamed = new Map(); // fields of extensions
  let settings = requestOf().settings;
  let frozen = null; // the range of a curve whose key is being moved
  let [asked, timer, busy, again, told, points] = [0, 0, false, false, "", 0];

  const clock = () => clockOf(settings, state.plan?.frame_count);
  const native = () => (settings.compat ?? "native") === "native";
  const history = historyOf(form, () => (draw(), hurry()));
  const desk = keysDesk(form, { clock, state, history, onPick: () => draw() });
  const chips = chipsPart(state, () => draw());
  const labelOf = name => state.sources.find(one => one.owns(name))?.label(name) ?? t(`ui.field.${name}`);
  const row = keyRow(desk, { state, native, active: () => state.active, labelOf });
  const seek = frame => {
    state.cursor = state.axis.held(frame);
    const line = svg.querySelector(".cursor");
    for (const end of ["x1", "x2"]) line?.setAttribute(end, state.axis.x(state.cursor));
    view.show(state.axis.x(state.cursor));
    tell("onSeek");
  };
  const others = name => curves.filter(one => one.name !== name).flatMap(one => one.keys.map(key => key.frame));
  let curves = [];
  handsOn(svg, {
    ...desk,
    axis: () => state.axis,
    curve: name => curves.find(one => one.name === name),
    active: () => curves.find(one => one.active),
    cursor: () => state.cursor,
    snaps: name => [state.cursor, ...Object.values(clock().labels), ...others(name), ...watchers.flatMap(one => one.snaps?.() ?? [])],
    seek,
    add: (frame, value) => {
      desk.add(frame, value);
      svg.querySelector(".key.picked")?.focus({ preventScroll: true });
    },
    group: curve => {
      frozen = curve && { name: curve.name, range: curve.range };
      desk.group(curve);
      if (!curve) draw();
    },
    focusValue: row.focusValue,
  });

  const undo = iconButton("undo", t("ui.undo"), history.undo);
  const redo = iconButton("redo", t("ui.edits.redo"), history.redo);
  const closer = iconButton("plus", t("ui.animation.closer"), () => view.by(1));
  const wider = iconButton("minus", t("ui.animation.wider"), () => view.by(-1));
  const add = h("button.quiet", { type: "button", onclick: () => desk.add(state.cursor, null) }, t("ui.animation.key.add"));
  const tools = h("div.tools", { role: "group", "aria-label": t("ui.animation.plan.tools") }, add, undo, redo, wider, closer);
  const frames = fold("animation.table", t("ui.animation.plan.table"), ...table.elements);
  const element = fold("animation.plan", t("ui.animation.plan"), problems, chips.element, tools, view.element, row.element, frames);
  element.classList.add("plan");

  function tell(what) {
    for (const one of watchers) one[what]?.();
  }

  function draw() {
    state.axis = axisOf(clock().frames, view.element.clientWidth * view.zoom());
    state.cursor = state.axis.held(state.cursor);
    const all = schedules().map((name, i) => curveOf(name, i));
    const shown = chips.choose(all);
    curves = all.filter(one => shown.has(one.name)).map(one => ({ ...one, active: one.name === state.active }));
    const here = svg.contains(document.activeElement) && document.activeElement !== svg;
    drawPlot(svg, { axis: state.axis, at: state.plan?.at ?? [], curves, picked: state.picked, cursor: state.cursor, labels: clock().labels });
    const mark = svg.querySelector(".key.picked") ?? svg;
    if (here && document.activeElement !== mark) mark.focus({ preventScroll: true });
    row.show();
    const has = document.activeElement;
    [undo.disabled, redo.disabled] = history.can().map(one => !one);
    [wider.disabled, closer.disabled] = view.ends();
    add.disabled = !state.active;
    if (has.disabled && tools.contains(has)) svg.focus({ preventScroll: true }); // there is nothing more to undo
    tell("onDraw");
  }

  function curveOf(name, place) {
    const values = state.plan?.curves[name] ?? [];
    const keys = desk.keysOf(name);
    const range = frozen?.name === name ? frozen.range : rangeOf(name, values, keys);
    return { name, label: t(`ui.field.${name}`), colour: place % COLOURS, values, keys, range, known: values.length > 0 || keys.length > 0 };
  }

  async function ask(from = state.plan?.first ?? 0) {
    if (!element.open) return;
    const mine = ++asked;
    busy = true;
    points = Math.min(MOST_POINTS, Math.max(LEAST_POINTS, Math.ceil(view.element.clientWidth * view.zoom())));
    const query = [...schedules().map(name => `curve=${name}`), `first=${Math.max(0, from)}`, `count=${ROWS}`, `points=${points}`].join("&");
    const asking = requestOf();
    const plan = await post(`/animations/plan?${query}`, asking).catch(error => ({ refused: error.problems }));
    busy = false;
    if (again) return (again = false), ask(from);
    if (mine !== asked) return; // overtaken
    if (plan.refused) return say(plan.refused);
    if (plan.ok && plan.first >= plan.frame_count) return ask(0); // it became shorter
    settings = asking.settings;
    say(...[plan.errors, plan.warnings].map(some => some.map(one => one.problem)));
    blame(plan.errors.filter(one => one.parameter.startsWith("extensions.")));
    state.plan = plan;
    table.show(plan, Number(settings.seed) === -1);
    draw();
    tell("onPlan");
  }

  /** What is wrong with extensions' values is told at their fields, too; once, as that opens their panel. */
  function blame(errors) {
    const wrong = new Map(errors.map(one => [one.parameter, word(one.problem)]));
    for (const [name, sentence] of wrong) if (blamed.get(name) !== sentence) form.blame(name, sentence);
    for (const name of blamed.keys()) if (!wrong.has(name)) form.blame(name, "");
    blamed = wrong;
  }

  function say(wrong, known = []) {
    const words = [wrong, known].map(some => some.map(one => word(one)));
    if (JSON.stringify(words) === told) return;
    told = JSON.stringify(words);
    problems.replaceChildren(...words[0].map(one => h("p", {}, one)), ...words[1].map(one => h("p.known", {}, one)));
  }

  /** What is done in the plot is seen at once: the server is asked again as soon as it has answered. */
  const hurry = () => {
    clearTimeout(timer);
    if (busy) again = true;
    else ask();
  };
  form.onChange(() => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
    settings = { ...settings, ...requestOf().settings };
    if (element.open) draw();
  });
  element.addEventListener("keydown", event => {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || event.target.matches("input, textarea")) return;
    event.preventDefault();
    (event.shiftKey ? history.redo : history.undo)();
  });
  element.addEventListener("toggle", () => (view.fit(), ask()));
  element.open = recall("fold.animation.plan") ?? innerWidth > WIDE;
  const below = (...parts) => row.element.after(...parts);
  return { element, state, tracks, below, valueAt: desk.valueAt, seek, clock, native, desk, history, focusValue: row.focusValue, watch: one => watchers.push(one), view };
}
