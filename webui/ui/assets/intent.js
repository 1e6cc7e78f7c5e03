// What is wanted of the selection, in one word; it sets the knobs, which may still be turned.
import { h, say } from "./dom.js";
import { segments } from "./segments.js";
import { t } from "./text.js";

const INTENTS = ["fill", "add", "remove", "replace_background", "expand"];

/** intents: settings by name. knobs: names of the fields they set. sides: shown for "expand" only. */
export function intentPart(form, intents, { knobs, sides }) {
  const field = segments({
    name: "_intent",
    label: "ui.intent",
    default: INTENTS[0],
    choices: INTENTS.map(value => ({ value, label: t(`ui.intent.${value}`) })),
  });
  const hint = h("p.hint", { role: "status" });
  const element = h("div.intent", {}, form.add(field), hint);
  let before = field.read();
  const show = () => {
    const now = field.read();
    say(hint, t(`ui.intent.${now}.hint`));
    sides.hidden = now !== "expand";
    if (now === before) return;
    before = now;
    form.reset(knobs);
    suggest();
  };
  const suggest = () => form.suggest({ ...defaults(), ...intents[field.read()] });
  const defaults = () => Object.fromEntries(knobs.map(name => [name, form.own(name)]));
  form.onChange(show);
  return {
    element,
    read: field.read,
    choose: value => form.set("_intent", value),
    suggest: () => (show(), suggest()),
  };
}
