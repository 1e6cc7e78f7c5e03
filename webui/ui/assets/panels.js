// Extensions' panels in a form: fields that follow from a model, or a script of the extension's own.
import { SETTING } from "./animation_request.js";
import * as page from "./ext.js";
import { h, say } from "./dom.js";
import { fold } from "./form.js";
import { followOffers } from "./offers.js";
import { fieldsOf } from "./panel_fields.js";
import { local, t } from "./text.js";

/**
 * { elements, several(request) }: all panels as parts that fold away. `several` makes of a request those that are
 * asked for: a panel may want one job for each of many pictures.
 */
export function panelsOf(form) {
  const watchers = [];
  const drawn = new Map(); // extension -> what its script gave
  let model = null;
  let offered = { models: [], default_model: null };
  const look = () => {
    const id = form.value("model") ?? offered.default_model;
    const chosen = offered.models.find(one => one.id === id);
    if (!chosen || chosen.id === model?.id) return;
    model = chosen;
    for (const view of watchers) view(model);
  };
  form.onChange(look);
  followOffers(offers => {
    offered = offers;
    look();
  });
  const onModel = view => {
    watchers.push(view);
    if (model) view(model);
  };
  form.onAsk(() => drawn.forEach(made => made.check?.()));
  return {
    elements: window.easel.panels.map(one => panelOf(form, one, onModel, drawn)),
    several: request =>
      [...drawn].reduce((requests, [name, made]) => {
        const values = request.extensions?.[name] ? made.several?.() : null;
        return values ? requests.flatMap(one => values.map(value => withValue(one, name, value))) : requests;
      }, [request]),
  };
}

const withValue = (request, name, value) => ({ ...request, extensions: { ...request.extensions, [name]: value } });

function panelOf(form, data, onModel, drawn) {
  const { extension, title, script } = data;
  const counts = script || data.fields.some(one => ["number", "integer", "rows"].includes(one.kind));
  const hint = form.key === ANIMATION && counts ? [h("p.hint", {}, t("ui.panel.schedules"))] : [];
  const elements = script ? [form.add(ownField(form, data, onModel, drawn))] : formOf(form, data, onModel);
  return fold(`${form.key}.panel.${extension}`, local(title) || extension, ...hint, ...elements);
}

/** The fields that follow from the options' model, each a field of the form. */
function formOf(form, { extension, fields: list }, onModel) {
  const place = name => `extensions.${extension}.${name}`;
  let model = null;
  const size = () => ["width", "height"].map(side => sideOf(form, side) || (model?.card[side] ?? USUAL));
  const scheduled = form.key === ANIMATION;
  const around = { scheduled, key: `${form.key}.panel.${extension}`, size, begins: () => form.begins(), model: () => model, value: name => form.value(place(name)) };
  const { fields, elements, look } = fieldsOf(list.map(one => ({ ...one, name: place(one.name) })), around);
  const switched = fields.find(one => one.name === place("enabled"));
  for (const one of fields) {
    const off = () => {
      one.write(one.fallback ?? null);
      one.control.dispatchEvent(new Event("input"));
    };
    form.add(switched && one !== switched ? one : { ...one, off });
  }
  look();
  form.onChange(name => {
    if (name === undefined || name.startsWith(place(""))) look();
    if (name === undefined || !name.startsWith("extensions.")) for (const one of fields) one.fit?.();
  });
  onModel(now => {
    model = now;
    for (const one of fields) (one.suit?.(), one.fit?.());
  });
  return elements;
}

const ANIMATION = "animation"; // the tab where an extension's numbers may change over the frames
const USUAL = 512;
const SIDES = { width: `${SETTING}W`, height: `${SETTING}H` }; // as an animation calls them
const sideOf = (form, side) => Number(form.value(side) ?? form.value(SIDES[side]));

/** One field for all of the panel's values, drawn by the extension's script. */
function ownField(form, { extension, script, style, fallback }, onModel, drawn) {
  const name = `extensions.${extension}`;
  const place = h("div", {});
  const problem = h("p.problem", { role: "alert", hidden: true });
  const control = h("span", { hidden: true }); // beside the place: what is typed there is none of the form's business
  const element = h("div.own-panel", { "data-field": name, "data-panel": extension }, place, control, problem);
  let value = fallback;
  let made = null;
  const blame = (sentence, at = name) => {
    say(problem, sentence);
    problem.hidden = !sentence;
    made?.blame?.(sentence, at.slice(name.length + 1));
  };
  const change = next => {
    value = copied(next);
    control.dispatchEvent(new Event("input"));
  };
  control.focus = () => (made?.focus ? made.focus() : element.querySelector("input, select, button")?.focus());
  const given = {
    ...{ element: place, change, onModel, extension, tab: form.key, api: page },
    t: (key, values) => t(`ext.${extension}.${key}`, values),
    form: { value: form.value, onChange: form.onChange, begins: () => form.begins() },
  };
  if (style) addStyle(style);
  import(script)
    .then(async module => (made = (await module.mount({ ...given, value: copied(value) })) ?? {}))
    .then(() => made.write?.(copied(value)))
    .then(() => drawn.set(extension, made))
    .catch(error => blame(t("ui.panel.broken", { name: extension, reason: error.message })));
  return {
    ...{ name, element, control, fallback, blame, clear: () => problem.hidden || blame("") },
    read: () => copied(value),
    off: () => {
      const without = made?.off?.(copied(value));
      if (!without) return;
      made.write?.(copied(without));
      change(without);
    },
    write: next => {
      value = copied(next ?? fallback);
      made?.write?.(copied(value));
    },
  };
}

const copied = value => structuredClone(value);

function addStyle(href) {
  if (!document.head.querySelector(`link[href="${CSS.escape(href)}"]`))
    document.head.append(h("link", { rel: "stylesheet", href }));
}
