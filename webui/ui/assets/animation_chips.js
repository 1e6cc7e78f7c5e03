// Which schedules are drawn, and which of them is worked on.
import { told } from "./animation_axis.js";
import { COLOURS } from "./animation_plot.js";
import { arrange, h, say } from "./dom.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

const KEPT = "animation.shown";

/** state: of the timeline; its `active` is the schedule that is worked on. `onChange()` when others are drawn. */
export function chipsPart(state, onChange) {
  const made = new Map();
  const element = h("ul.legend", { "aria-label": t("ui.animation.plan.schedules") });
  let shown = new Set();

  const press = name => {
    const kept = recall(KEPT) ?? {};
    const on = !shown.has(name) || state.active !== name; // one that is drawn is first taken in hand
    remember(KEPT, { ...kept, [name]: on });
    state.active = on ? name : null;
    state.picked = null;
    onChange();
  };
  const chip = name => {
    const range = h("span.range");
    const mark = h("span.mark", { "aria-hidden": "true" });
    const button = h("button.chip", { type: "button", onclick: () => press(name) }, mark, t(`ui.field.${name}`), range);
    return { item: h("li", {}, button), button, range, mark };
  };
  return {
    element,
    /** Those drawn, of all with their ranges: those that change, unless one said otherwise. */
    choose: all => {
      const kept = recall(KEPT) ?? {};
      shown = new Set(all.filter(one => kept[one.name] ?? !one.range.still).map(one => one.name));
      if (!shown.size && all.length) shown.add(all[0].name);
      const elsewhere = state.sources.some(one => one.owns(state.active ?? ""));
      if (!elsewhere && !shown.has(state.active)) state.active = [...shown][0] ?? null;
      arrange(element, all.map(one => (made.has(one.name) ? made : made.set(one.name, chip(one.name))).get(one.name).item));
      all.forEach((one, place) => {
        const { button, range, mark } = made.get(one.name);
        const drawn = shown.has(one.name);
        button.ariaPressed = String(drawn);
        button.classList.toggle("active", state.active === one.name);
        mark.className = drawn ? `mark of-${place % COLOURS}` : "mark";
        say(range, one.known ? (one.range.still ? told((one.range.low + one.range.high) / 2, 3) : `${told(one.range.low, 3)} … ${told(one.range.high, 3)}`) : "");
      });
      return shown;
    },
  };
}
