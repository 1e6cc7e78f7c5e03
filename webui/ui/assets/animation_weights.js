// How much of each frame is each prompt's, drawn on the bars of the prompts; weights of their own are edited there.
import { shape } from "./animation_axis.js";
import { handsOn } from "./animation_hands.js";
import { drawKeys, lineOf } from "./animation_plot.js";
import { t } from "./text.js";

const OF = "prompts."; // before the place of a row: what its weight is called among the schedules
export const COLOURS = 6; // those of animation_plan.css
const BAR = 34; // pixels of the bars alone
const BOX = [44, 96]; // pixels between which weights of 1 and 0 stand, below the bars
const LANE = 106;

/** plan: see animation_plan.js. prompts: see animation_prompts.js. field: where their text is kept. */
export function weightsPart(plan, prompts, field) {
  const { state } = plan;
  const svg = shape("svg", { class: "weights", role: "group", tabindex: -1, "aria-label": t("ui.animation.weights") });
  const [back, front] = [shape("g"), shape("g")];
  svg.append(back, front);
  const placeOf = name => Number(name.slice(OF.length));
  const rowOf = name => prompts.placed().find(one => one.place === placeOf(name));
  const partOf = row => state.plan?.prompts?.find(one => one.key === row.key);
  const isOwn = row => row.weight !== undefined && row.weight !== "";
  let curves = [];

  const source = {
    owns: name => name.startsWith(OF),
    text: name => String(rowOf(name)?.weight ?? ""),
    values: name => (rowOf(name) && partOf(rowOf(name))?.own) ?? undefined,
    put: (name, text, mark) => plan.history.set(field, prompts.changed(placeOf(name), { weight: text }), mark),
    label: name => t("ui.animation.weight", { n: prompts.placed().findIndex(one => one.place === placeOf(name)) + 1 }),
  };
  state.sources.push(source);

  const highest = () => Math.max(1, ...curves.flatMap(one => [...one.values, ...one.keys.map(key => key.number ?? 0)]));
  const curveOf = (row, i) => {
    const name = OF + row.place;
    return { name, label: source.label(name), colour: i % COLOURS, values: partOf(row)?.own ?? [], keys: plan.desk.keysOf(name), active: state.active === name };
  };
  /** What lies between the shares of those before and the row's own, from left to right and back. */
  const areaOf = (i, below, share, [top, bottom], at) => {
    const y = value => (bottom - value * (bottom - top)).toFixed(1);
    const x = place => state.axis.x(at[place]).toFixed(1);
    const upper = share.map((one, place) => `${x(place)} ${y(below[place] + one)}`);
    const lower = share.map((_, place) => `${x(place)} ${y(below[place])}`).reverse();
    return shape("path", { class: `share of-${i % COLOURS}`, d: `M${[...upper, ...lower].join("L")}z` });
  };
  const areas = (rows, box) => {
    const at = state.plan?.at ?? [];
    let below = at.map(() => 0);
    return rows.flatMap((row, i) => {
      const share = partOf(row)?.share;
      if (!share || share.length !== at.length || !share.some(one => one > 0)) return [];
      const area = areaOf(i, below, share, box, at);
      below = below.map((one, place) => one + share[place]);
      return [area];
    });
  };
  const draw = () => {
    const rows = prompts.placed();
    const own = rows.some(isOwn) && plan.native();
    const here = svg.contains(document.activeElement) && document.activeElement !== svg;
    curves = own ? rows.map((row, i) => isOwn(row) && curveOf(row, i)).filter(Boolean) : [];
    const range = { low: 0, high: highest(), box: BOX };
    curves = curves.map(one => ({ ...one, range })).sort((a, b) => a.active - b.active);
    svg.setAttribute("width", state.axis.width);
    svg.setAttribute("height", own ? LANE : BAR);
    const at = state.plan?.at ?? [];
    back.replaceChildren(...areas(rows, own ? BOX : [4, BAR - 4]), ...curves.map(one => lineOf(one, state.axis, at)));
    drawKeys(front, curves, { axis: state.axis, at, picked: state.picked });
    const mark = front.querySelector(".key.picked");
    if (here && mark && document.activeElement !== mark) mark.focus({ preventScroll: true });
    return own ? LANE : BAR;
  };
  const { desk } = plan;
  handsOn(svg, {
    ...desk,
    axis: () => state.axis,
    curve: name => curves.find(one => one.name === name),
    active: () => curves.find(one => one.active) ?? curves[0],
    cursor: () => state.cursor,
    snaps: () => [state.cursor, ...prompts.placed().map(one => one.frame)],
    seek: plan.seek,
    move: (name, frame, to, value) => desk.move(name, frame, to, value === null ? null : Math.min(highest(), Math.max(0, value))),
    add: (frame, value) => {
      const curve = curves.find(one => one.active) ?? curves[0];
      if (!curve) return;
      state.active = curve.name;
      desk.add(frame, value === null ? null : Math.min(1, Math.max(0, value)));
      front.querySelector(".key.picked")?.focus({ preventScroll: true });
    },
    focusValue: plan.focusValue,
  });
  return { element: svg, draw, isOwn, known: () => Boolean(state.plan?.prompts?.length), name: row => OF + row.place };
}
