// The frames of a plan as a table, a page at a time.
import { h, say } from "./dom.js";
import { number, t, tn } from "./text.js";

export const ROWS = 50;

/** `ask(first)` is called when another page is wanted. */
export function tablePart(ask) {
  const element = h("div.rows", { tabindex: 0, role: "region", "aria-label": t("ui.animation.plan.table") });
  const said = h("span.said");
  let first = 0;
  const turn = step => () => ask(first + step * ROWS);
  const back = h("button.quiet", { type: "button", onclick: turn(-1) }, t("ui.animation.plan.back"));
  const next = h("button.quiet", { type: "button", onclick: turn(1) }, t("ui.animation.plan.next"));
  const pages = h("div.pages", {}, back, said, next);
  /** random: the seeds are drawn anew when it is sent. */
  const show = (plan, random) => {
    first = plan.first;
    const last = first + plan.frames.length;
    element.hidden = pages.hidden = plan.frames.length === 0;
    element.replaceChildren(tableOf(plan.frames, random));
    say(said, `${number(first)}–${number(last - 1)} · ${tn("ui.animation.plan.frames", plan.frame_count)}`);
    back.disabled = first === 0;
    next.disabled = last >= plan.frame_count;
  };
  return { elements: [pages, element], show };
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
