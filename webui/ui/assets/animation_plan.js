// The plan of an animation before it is drawn: its schedules as curves, its frames as a table, and
// what is wrong. The server works it out; nothing here reads a formula.
import { post } from "./api.js";
import { h, say } from "./dom.js";
import { fold } from "./form.js";
import { recall } from "./store.js";
import { number, t, tn, word } from "./text.js";

const PAUSE = 400; // milliseconds without a change, after which the server is asked
const ROWS = 50;
const [WIDE, HIGH, EDGE] = [480, 120, 6]; // of the plot, in its own units
const COLOURS = 6; // those of animation.css

/** `requestOf()` says what the form asks for, `schedules()` the names of the curves to draw. */
export function planPart(form, requestOf, schedules) {
  const problems = h("div.findings", { role: "status" });
  const plot = h("div.plot");
  const legend = h("ul.legend");
  const table = h("div.rows", { tabindex: 0, role: "region", "aria-label": t("ui.animation.plan") });
  const said = h("span.said");
  const turn = step => () => ask(first + step * ROWS);
  const back = h("button.quiet", { type: "button", onclick: turn(-1) }, t("ui.animation.plan.back"));
  const next = h("button.quiet", { type: "button", onclick: turn(1) }, t("ui.animation.plan.next"));
  const pages = h("div.pages", {}, back, said, next);
  const element = fold("animation.plan", t("ui.animation.plan"), problems, plot, legend, pages, table);
  element.classList.add("plan");
  let first = 0;
  let asked = 0;
  let timer = 0;
  let told = "";

  async function ask(from = first) {
    if (!element.open) return;
    const mine = ++asked;
    const names = schedules();
    const query = [...names.map(name => `curve=${name}`), `first=${Math.max(0, from)}`, `count=${ROWS}`].join("&");
    const plan = await post(`/animations/plan?${query}`, requestOf()).catch(error => ({ refused: error.problems }));
    if (mine !== asked) return; // overtaken
    if (plan.refused) return tell(plan.refused.map(one => word(one)));
    if (plan.ok && plan.first >= plan.frame_count) return ask(0); // it became shorter
    first = plan.first;
    show(plan, names);
  }

  function tell(sentences) {
    if (sentences.join() !== told) problems.replaceChildren(...sentences.map(one => h("p", {}, one)));
    told = sentences.join();
  }

  function show(plan, names) {
    tell([...plan.errors, ...plan.warnings].map(one => word(one.problem)));
    const curves = names.filter(name => plan.curves[name]).map(name => curveOf(name, plan.curves[name]));
    const moving = curves.filter(one => one.low < one.high);
    plot.hidden = moving.length === 0;
    plot.replaceChildren(drawn(moving, plan));
    legend.replaceChildren(...curves.map(one => legendRow(one, moving.indexOf(one))));
    const last = first + plan.frames.length;
    table.hidden = pages.hidden = plan.frames.length === 0;
    const random = Number(requestOf().settings.seed) === -1; // drawn anew when it is sent
    table.replaceChildren(tableOf(plan.frames, random));
    say(said, `${number(first)}–${number(last - 1)} · ${tn("ui.animation.plan.frames", plan.frame_count)}`);
    back.disabled = first === 0;
    next.disabled = last >= plan.frame_count;
  }

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  form.onChange(later);
  element.addEventListener("toggle", () => ask());
  element.open = recall("fold.animation.plan") ?? false;
  return element;
}

function curveOf(name, values) {
  const finite = values.filter(value => value !== null);
  return { name, values, low: Math.min(...finite), high: Math.max(...finite) };
}

/** Each curve over its own range: what a strength and an angle have in common is the time. */
function drawn(curves, { at, frame_count: count }) {
  const names = curves.map(one => t(`ui.field.${one.name}`)).join(", ");
  const svg = shape("svg", {
    viewBox: `0 0 ${WIDE} ${HIGH}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": t("ui.animation.plan.curves", { names }),
  });
  const across = frame => (frame / Math.max(1, count - 1)) * WIDE;
  curves.forEach((one, i) => {
    const down = value => HIGH - EDGE - ((value - one.low) / (one.high - one.low)) * (HIGH - 2 * EDGE);
    let pen = "M";
    const path = one.values.map((value, place) => {
      if (value === null) return (pen = "M") && ""; // a gap
      const point = `${pen}${across(at[place]).toFixed(1)} ${down(value).toFixed(1)}`;
      pen = "L";
      return point;
    });
    svg.append(shape("path", { d: path.join(""), class: `curve of-${i % COLOURS}` }));
  });
  return svg;
}

function shape(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function legendRow({ name, low, high }, place) {
  const range = low < high ? `${number(low, 3)} … ${number(high, 3)}` : number(low, 3);
  const mark = h(place < 0 ? "span.mark" : `span.mark.of-${place % COLOURS}`, { "aria-hidden": "true" });
  return h("li", {}, mark, t(`ui.field.${name}`), h("span.range", {}, range));
}

function tableOf(frames, random) {
  const heads = ["frame", "prompt", "seed", "strength", "steps", "cfg"];
  const head = h("tr", {}, ...heads.map(one => h("th", { scope: "col" }, t(`ui.animation.plan.${one}`))));
  const rows = frames.map(one => {
    const strength = one.denoising_strength === null ? "–" : number(1 - one.denoising_strength, 3);
    const cells = [one.prompt, random ? t("ui.seed.random") : String(one.seed), strength, number(one.steps), number(one.cfg_scale, 2)];
    const name = h("th", { scope: "row" }, number(one.frame));
    const kind = one.generated ? "tr" : "tr.tween";
    return h(kind, {}, name, ...cells.map((cell, i) => h("td", i ? {} : { title: cell }, cell)));
  });
  return h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows));
}
