// Below the curves: which prompt holds when, and where one goes over into the next.
import { arrange, h } from "./dom.js";
import { waysPart } from "./animation_ways.js";
import { COLOURS, weightsPart } from "./animation_weights.js";
import { number, t } from "./text.js";

/** plan: see animation_plan.js. prompts: see animation_prompts.js. still(): prompts hold where nothing else is said. */
export function barsPart(plan, prompts, still) {
  const field = "_prompts";
  const element = h("div.bars", { role: "group", "aria-label": t("ui.animation.bars") });
  const weights = weightsPart(plan, prompts, field);
  const ways = waysPart(plan, prompts, weights, { field, still });
  const track = h("div.bar-track", {}, weights.element, element);
  let drag = null;

  const draw = () => {
    track.style.height = `${weights.draw()}px`;
    ways.show();
    if (drag?.bar.isConnected && drag.moving) return place(prompts.placed());
    const rows = prompts.placed();
    const here = [...element.children].indexOf(document.activeElement);
    arrange(element, rows.map((one, i) => barOf(one, i)));
    place(rows);
    if (here >= 0) element.children[here]?.focus({ preventScroll: true });
  };
  const barOf = (row, i) => {
    const words = { n: i + 1, prompt: row.prompt.slice(0, 80) || "–" };
    const bar = h("button.bar-of", { type: "button", role: "slider", "aria-label": t("ui.animation.bar", words), title: row.prompt }, h("span", {}, row.prompt));
    bar.classList.add(`of-${i % COLOURS}`);
    bar.dataset.row = row.place;
    bar.addEventListener("focus", () => ways.take(row.place, Boolean(drag)));
    bar.addEventListener("dblclick", () => prompts.edit(row.place));
    bar.addEventListener("keydown", event => {
      const far = event.shiftKey ? 10 : 1;
      const by = { ArrowLeft: -far, ArrowRight: far }[event.key];
      if (event.key === "Enter") prompts.edit(row.place);
      else if (by && rowNow(row.place)) move(row.place, rowNow(row.place).frame + by);
      else return;
      event.preventDefault();
    });
    bar.addEventListener("pointerdown", event => {
      if (event.button) return;
      drag = { bar, place: row.place, from: event.clientX, frame: row.frame, moving: false, held: true };
      ways.take(row.place, true); // a finger gives no focus everywhere
      bar.setPointerCapture(event.pointerId);
    });
    return bar;
  };
  const rowNow = at => prompts.placed().find(one => one.place === at);
  /** Not over a neighbour: the order of the bars stays. */
  const move = (at, frame) => {
    const rows = prompts.placed();
    const i = rows.findIndex(one => one.place === at);
    const [low, high] = [(rows[i - 1]?.frame ?? -1) + 1, (rows[i + 1]?.frame ?? plan.state.axis.count) - 1];
    const to = Math.min(high, Math.max(low, Math.round(frame)));
    if (low <= high && to !== rows[i].frame) plan.history.set(field, prompts.moved(at, to), drag ?? `bar ${at}`);
  };
  const place = rows => {
    const { axis } = plan.state;
    rows.forEach((row, i) => {
      const bar = element.children[i];
      const next = rows[i + 1];
      const from = i ? axis.x(row.frame) : axis.x(0); // the first holds before itself
      const to = next ? axis.x(next.frame) : axis.x(axis.count - 1);
      bar.hidden = row.frame > axis.count - 1;
      bar.style.left = `${from}px`;
      bar.style.width = `${Math.max(2, Math.min(to, axis.x(axis.count - 1)) - from)}px`;
      bar.ariaValueNow = String(row.frame);
      bar.ariaValueText = t("ui.animation.prompts.from", { frame: number(row.frame, 1) });
      const step = row.blend ? row.blend === "step" : still();
      bar.classList.toggle("blends", Boolean(next) && !step);
      bar.classList.toggle("drawn", weights.known());
      bar.style.setProperty("--n", next ? `var(--of-${(i + 1) % COLOURS})` : "var(--c)");
    });
  };
  element.addEventListener("pointermove", event => {
    if (!drag) return;
    const { axis } = plan.state;
    drag.moving ||= Math.abs(event.clientX - drag.from) > 4;
    if (drag.moving) move(drag.place, axis.frame(axis.x(drag.frame) + event.clientX - drag.from));
  });
  const up = () => {
    const pressed = drag && !drag.moving ? drag : null;
    drag = null;
    if (pressed) {
      plan.seek(Math.round(pressed.frame));
      ways.take(pressed.place);
    }
    draw();
  };
  element.addEventListener("pointerup", up);
  element.addEventListener("pointercancel", up);
  plan.watch({ onDraw: draw, onPlan: draw, snaps: () => prompts.placed().map(one => one.frame) });
  return { element: track, ways: ways.element };
}
