// The key that is picked, in words and numbers: where it is, what it is, how it goes over into the next.
import { written } from "./animation_keys.js";
import { h, iconButton, say } from "./dom.js";
import { t } from "./text.js";

const WAYS = ["", "step", "smooth", "ease_in_out", "ease_in", "ease_out", "ease_in_out_sine", "ease_out_bounce", "ease_out_elastic", "steps(4)"];

/** desk: see animation_desk.js. native(): whether there are ways between keys. labelOf(name): what a schedule is called. */
export function keyRow(desk, { state, native, active, labelOf }) {
  const title = h("strong.title");
  const frame = h("input", { type: "number", min: 0, step: 1, "aria-label": t("ui.animation.key.frame") });
  const value = h("input", { type: "text", autocomplete: "off", spellcheck: "false", "aria-label": t("ui.animation.key.value") });
  const way = h("select", { "aria-label": t("ui.animation.key.way") });
  const remove = iconButton("wipe", t("ui.animation.key.remove"), () => picked() && desk.remove(picked().name, picked().frame));
  const fields = h("div.field.row-of", {}, frame, value, way, remove);
  const hint = h("p.hint", {}, t("ui.animation.key.hint"));
  const element = h("div.key-row", {}, title, fields, hint);
  const picked = () => state.picked;

  frame.addEventListener("change", () => {
    if (picked() && frame.value !== "") desk.move(picked().name, picked().frame, Number(frame.value), null);
    show();
  });
  const put = () => picked() && desk.setValue(picked().name, picked().frame, value.value);
  value.addEventListener("change", put);
  way.addEventListener("change", () => {
    const wanted = way.value;
    put(); // what is still being written
    if (picked()) desk.setWay(picked().name, picked().frame, wanted);
  });

  const show = () => {
    const key = picked() && desk.keyAt(picked().name, picked().frame);
    fields.hidden = !key;
    hint.hidden = Boolean(key) || !active();
    say(title, key ? labelOf(picked().name) : "");
    title.hidden = !key;
    if (!key) return;
    if (document.activeElement !== frame) frame.value = written(key.frame, 2);
    if (document.activeElement !== value) value.value = key.value;
    way.hidden = !native() || !key.named;
    const known = WAYS.includes(key.way) ? WAYS : [...WAYS, key.way];
    way.replaceChildren(...known.map(one => h("option", { value: one }, one || t("ui.animation.key.straight"))));
    way.value = key.way;
  };
  return { element, show, focusValue: () => value.select() };
}
