// Extensions' panels in a form: fields that follow from a model, or a script of the extension's own.
import * as page from "./ext.js";
import { h, say } from "./dom.js";
import { field } from "./fields.js";
import { fold } from "./form.js";
import { local, t } from "./text.js";

/** { elements, suit(model) }: all panels as parts that fold away; `suit` tells them of the chosen model. */
export function panelsOf(form) {
  const watchers = [];
  let model = null;
  const onModel = view => {
    watchers.push(view);
    if (model) view(model);
  };
  return {
    elements: window.easel.panels.map(one => panelOf(form, one, onModel)),
    suit: chosen => {
      model = chosen;
      for (const view of watchers) view(chosen);
    },
  };
}

function panelOf(form, data, onModel) {
  const { extension, title, fields, script } = data;
  const named = script
    ? [ownField(form, data, onModel)]
    : fields.map(one => field({ ...one, name: `extensions.${extension}.${one.name}` }));
  return fold(`${form.key}.panel.${extension}`, local(title) || extension, ...named.map(form.add));
}

/** One field for all of the panel's values, drawn by the extension's script. */
function ownField(form, { extension, script, style, fallback }, onModel) {
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
    form: { value: form.value, onChange: form.onChange },
  };
  if (style) addStyle(style);
  import(script)
    .then(async module => (made = (await module.mount({ ...given, value: copied(value) })) ?? {}))
    .then(() => made.write?.(copied(value)))
    .catch(error => blame(t("ui.panel.broken", { name: extension, reason: error.message })));
  return {
    ...{ name, element, control, fallback, blame, clear: () => problem.hidden || blame("") },
    read: () => copied(value),
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
