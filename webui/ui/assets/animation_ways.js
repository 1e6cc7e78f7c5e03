// Below the bars: how the prompt in hand goes over into the next, or the weights that it has of its own.
import { h, newId, say } from "./dom.js";
import { blaming } from "./fields.js";
import { t, word } from "./text.js";

const OWN = "own";
const WAYS = ["", "step", "linear", "ease_in_out", "ease_in", "ease_out", "smoothstep"];

/**
 * plan: see animation_plan.js. prompts: see animation_prompts.js. weights: see animation_weights.js. field: where the
 * prompts' text is kept. still(): prompts hold where nothing else is said.
 */
export function waysPart(plan, prompts, weights, { field, still }) {
  const title = h("strong.title");
  const menu = h("select", { "aria-label": t("ui.animation.way") });
  const box = h("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-label": t("ui.animation.way.weight") });
  const problem = h("p.problem", { id: newId(), hidden: true });
  const edit = h("button.quiet", { type: "button", onclick: () => prompts.edit(place) }, t("ui.animation.way.edit"));
  const hint = h("p.hint", {}, t("ui.animation.way.hint"));
  const fields = h("div.field.row-of", {}, menu, box, edit);
  const element = h("div.ways", {}, title, fields, problem, hint);
  const told = blaming(box, null, problem);
  let place = null; // of the row in hand

  const rowNow = () => prompts.placed().find(one => one.place === place);
  const set = (values, mark) => plan.history.set(field, prompts.changed(place, values), mark);
  menu.addEventListener("change", () => {
    const row = rowNow();
    if (menu.value !== OWN) return set({ blend: menu.value, weight: "" });
    plan.state.active = weights.name(row);
    set({ blend: "", weight: begun(prompts.placed(), row, still()) });
  });
  box.addEventListener("input", () => set({ weight: box.value }, `weight ${place}`));

  const show = () => {
    const rows = prompts.placed();
    const row = rows.find(one => one.place === place);
    const there = plan.native() && rows.length > 1;
    element.hidden = !there;
    if (!there) return;
    title.hidden = fields.hidden = !row;
    hint.hidden = Boolean(row);
    if (!row) return told.clear();
    const own = weights.isOwn(row);
    say(title, t("ui.animation.bar", { n: rows.indexOf(row) + 1, prompt: row.prompt.slice(0, 40) || "–" }));
    const ways = WAYS.includes(row.own) ? WAYS : [...WAYS, row.own];
    const names = { "": "ui.animation.way.usual", step: "ui.animation.way.step", [OWN]: "ui.animation.way.own" };
    const options = [...ways, OWN].map(one => h("option", { value: one }, t(names[one] ?? `ui.animation.blend.${WAYS.includes(one) ? one : "other"}`, { name: one })));
    menu.replaceChildren(...options);
    menu.value = own ? OWN : row.own;
    box.hidden = !own;
    if (document.activeElement !== box) box.value = String(row.weight ?? "");
    const wrong = own && plan.state.plan?.errors.find(one => one.parameter === `prompts.${row.key}.weight`);
    told.blame(wrong ? word(wrong.problem) : "");
  };
  return {
    element,
    show,
    /** This row is in hand from now on; its weight, too, unless it is just being pressed (`held`). */
    take: (at, held) => {
      place = at;
      const row = rowNow();
      const name = row && weights.isOwn(row) && weights.name(row);
      if (name && !held && plan.state.active !== name) plan.desk.pick(name, null); // draws all anew
      else show();
    },
  };
}

/** The weight that a prompt has by its key and its neighbours', as a schedule. */
export function begun(rows, row, hold) {
  const i = rows.findIndex(one => one.place === row.place);
  const [before, after] = [rows[i - 1], rows[i + 1]];
  const way = ({ blend }) => ({ linear: "", "": hold ? " step" : "" })[blend] ?? ` ${blend}`;
  const first = before ? `${before.key}:(0)${way(before)}, ` : "";
  return `${first}${row.key}:(1)${after ? `${way(row)}, ${after.key}:(0)` : ""}`;
}
