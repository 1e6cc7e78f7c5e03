// The tabs in which a model draws, for others that set something in their forms. A tab that was not
// visited yet has no form: what is meant for it is remembered, and its form takes it up from there.
import { forget, recall, remember } from "./store.js";

const TABS = ["img2img", "inpaint", "txt2img"]; // the last one tells
const forms = new Map();

/** A drawing tab is there. */
export function enlist(form, element) {
  forms.set(form.key, form);
  element.addEventListener("focusin", () => remember("page.drawing", form.key));
}

/** The drawing tab that was used last. */
export const lastUsed = () => (TABS.includes(recall("page.drawing")) ? recall("page.drawing") : "txt2img");

const placeOf = (tab, name) => `${tab}.${name}`;

export const valueIn = (tab, name) => forms.get(tab)?.value(name) ?? recall(placeOf(tab, name)) ?? "";

/** Set a field of a tab as if by hand; returns the way back. */
export function setIn(tab, name, value) {
  const form = forms.get(tab);
  if (form) {
    const undo = form.keep();
    form.set(name, value);
    return undo;
  }
  const place = placeOf(tab, name);
  const before = recall(place);
  remember(place, value);
  return () => (before === undefined ? forget(place) : remember(place, before));
}

/** Choose a model in all of them; returns the way back. */
export function chooseModel(id) {
  const ways = TABS.map(tab => setIn(tab, "model", id));
  return () => ways.forEach(undo => undo());
}
