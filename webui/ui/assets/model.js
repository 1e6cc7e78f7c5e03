// The menu of models, and what suits the chosen one. Choosing a model brings its size, steps,
// sampler … to every field that was not set by hand; one click undoes it, one brings the rest.
import { h, say } from "./dom.js";
import { choice } from "./fields.js";
import { knownMenu } from "./known.js";
import { notice } from "./notice.js";
import { SETTINGS, changed, current, inWords, keepPart } from "./presets.js";
import { suitedPart } from "./suited.js";
import { local, t, tn, word } from "./text.js";

export const titleOf = model => local(model.card.title) || model.id;

// A tab that begins with a picture begins without words: what stands there already is the subject.
const suits = (card, form) => ({
  ...Object.fromEntries(SETTINGS.map(name => [name, card[name]])),
  ...(form.key === "txt2img" ? { prompt: local(card.prompt) } : {}),
  negative_prompt: local(card.negative_prompt),
});

/** Adds `model` to the form; `onModel(model)` is called with the chosen one. */
export function modelPart(form, data, onModel) {
  const menu = choice(data);
  const use = h("button.link", { type: "button", hidden: true, onclick: () => takeAll() }, t("ui.model.use"));
  const broken = h("details.broken", { hidden: true });
  const element = form.add(menu);
  let models = [];
  let before = null;

  const chosen = () => models.find(model => model.id === form.value("model"));
  const keep = keepPart(form, chosen, titleOf);
  const suited = suitedPart(form, chosen);
  const known = knownMenu(menu, form);
  keep.element.prepend(use);
  element.append(keep.element, broken);
  const settings = () => SETTINGS.filter(form.has);
  const compare = () => (use.hidden = !chosen() || form.differing(settings()).length === 0);
  const look = model => {
    before = model;
    onModel(model);
    keep.show();
    suited.suit();
  };
  const takeAll = () => {
    const undo = form.keep();
    form.reset(settings());
    notice(t("ui.model.used", { title: titleOf(chosen()) }), { undo });
  };
  const choose = model => {
    const undo = form.keep({ model: before?.id ?? model.id });
    const values = current(form);
    look(model);
    form.suggest(suits(model.card, form));
    const settings = inWords(changed(form, values));
    const key = settings ? "ui.preset.applied" : "ui.model.applied";
    notice(t(key, { title: titleOf(model), settings }), { undo });
  };
  form.onChange(name => {
    const model = chosen();
    if (model && model.id !== before?.id) name === "model" ? choose(model) : look(model);
    compare();
  });

  const load = offers => {
    models = offers.models;
    known.offer(
      models.map(model => ({
        value: model.id,
        label: model.problem ? t("ui.model.broken", { title: titleOf(model) }) : titleOf(model),
        disabled: Boolean(model.problem),
      })),
    );
    listBroken(
      broken,
      models.filter(model => model.problem),
    );
    form.suggest({ model: offers.default_model });
    const model = chosen();
    if (model) {
      look(model);
      form.suggest(suits(model.card, form));
    }
  };
  return { element, load };
}

function listBroken(place, models) {
  place.hidden = models.length === 0;
  place.replaceChildren(
    h("summary", {}, tn("ui.model.broken_count", models.length)),
    h(
      "ul",
      {},
      models.map(model => h("li", {}, h("strong", {}, titleOf(model)), " ", word(model.problem))),
    ),
  );
}

/** Prompts of the model's card as buttons that fill the box. */
export function examples(form) {
  const list = h("div.list");
  const more = h(
    "button.chip.more",
    { type: "button", "aria-expanded": "false", onclick: () => expand() },
    t("ui.examples.more"),
  );
  const element = h("div.chips", { role: "group", "aria-label": t("ui.examples") }, list, more);
  const fill = words => {
    const undo = form.keep();
    form.set("prompt", words);
    notice(t("ui.examples.filled"), { undo });
  };
  const expand = () => {
    const open = element.classList.toggle("open");
    say(more, t(open ? "ui.examples.fewer" : "ui.examples.more"));
    more.setAttribute("aria-expanded", open);
  };
  const show = card => {
    const all = card.examples.map(local).filter(Boolean);
    element.hidden = all.length === 0;
    list.replaceChildren(
      ...all.map(words => h("button.chip", { type: "button", onclick: () => fill(words) }, words)),
    );
  };
  return { element, show };
}
