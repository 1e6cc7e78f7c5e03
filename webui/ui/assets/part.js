// A part of a request that is switched on: its fields are there while it is.
import { h } from "./dom.js";
import { choice, toggle } from "./fields.js";
import { titleOf } from "./model.js";
import { t } from "./text.js";

/** The switch `_<name>` and, where it is on, the children. `hint`: a text below the switch. */
export function switched(form, name, label, ...children) {
  const part = toggle({ name: `_${name}`, label, default: false });
  const inside = h("div.inside", {}, ...children);
  const element = h("div.part", {}, form.add(part), inside);
  const show = () => (inside.hidden = !part.read());
  form.onChange(show);
  show();
  return element;
}

/** Model, sampler and schedule of a part; `none` is the name of "nothing of its own" (null). */
export function ownMenus(form, data, part, none) {
  const first = { value: null, label: t(none) };
  const menu = name => choice({ ...data[`${part}.${name}`], choices: [first] });
  const [model, sampler, schedule] = ["model", "sampler", "schedule"].map(menu);
  const elements = [form.add(model), h("div.pair", {}, form.add(sampler), form.add(schedule))];
  const offer = offers => {
    model.offer([first, ...modelChoices(offers)]);
    sampler.offer([first, ...offers.samplers.map(one => one.name)]);
    schedule.offer([first, ...offers.schedules.map(one => one.name)]);
  };
  return { elements, offer };
}

export const modelChoices = offers =>
  offers.models.filter(model => !model.problem).map(model => ({ value: model.id, label: titleOf(model) }));
