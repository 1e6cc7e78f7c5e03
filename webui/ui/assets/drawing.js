// What all tabs have in common in which a model draws: prompt, model, the usual numbers, and the frame.
import { actionBar } from "./actions.js";
import { enlist } from "./desks.js";
import { h } from "./dom.js";
import { choice, number, text } from "./fields.js";
import { fold } from "./form.js";
import { memoryLine } from "./memory.js";
import { examples, modelPart } from "./model.js";
import { networkRows } from "./networks.js";
import { followOffers } from "./offers.js";
import { panelsOf } from "./panels.js";
import { plotPart } from "./plot.js";
import { announcements, thinProgress, waitingPart } from "./progress.js";
import { refinerPart } from "./refiner.js";
import { seedField } from "./seed.js";
import { t } from "./text.js";
import { vaeField } from "./vae.js";

/** Data of a form's fields by name; `hires.steps` is labelled as `steps` is. */
export const dataOf = fields =>
  Object.fromEntries(
    fields.map(one => [one.name, { ...one, label: `ui.field.${one.name.split(".").at(-1)}` }]),
  );

/** A menu whose choices have names in the catalogue of texts, below `words`; `none`: what null is called. */
export function worded({ choices, ...data }, { none, words = "ui.choice" } = {}) {
  const named = choices.map(value => ({ value, label: t(`${words}.${value}`) }));
  return choice({ ...data, choices: none ? [{ value: null, label: t(none) }, ...named] : named });
}

export const pair = (...elements) => h("div.pair", {}, ...elements);

/**
 * A tab in which a model draws.
 * request(): what to post, or a promise of it. own: parts after the model. folds: those after the numbers.
 * first, ask: what comes before the prompt and after it. suits(model), fills(offers): called when they change.
 */
export function drawingTab(element, { form, data, stage, request, onAccepted, ...parts }) {
  const { first = [], ask = [], own = [], folds = [], suits = [], fills = [] } = parts;
  let chosen = null;
  const prompt = promptPart(form, data, first, ask, () => chosen);
  const usual = usualPart(form, data, stage);
  const refiner = refinerPart(form, data);
  const panels = panelsOf(form);
  const suit = model => {
    chosen = model;
    [prompt.suit, ...suits].forEach(one => one(model));
  };
  const model = modelPart(form, data.model, suit);
  const more = morePart(form, data);
  const plot = plotPart(form);
  const settings = [model.element, own, usual.elements, folds, refiner.element, more, panels.elements, plot.element];
  const asked = async () => [await request()].flat().flatMap(panels.several).map(plot.wrap);
  const bar = actionBar(form, asked, job => {
    onAccepted?.(job);
    stage.follow(job);
  });
  frameOf(element, { name: form.key, ask: prompt.element, settings: settings.flat(), bar: [bar, plot.line, memoryLine(form)], stage });
  enlist(form, element);
  followOffers(offers => {
    for (const fill of [usual.offer, refiner.offer, ...fills, model.load]) fill(offers);
  });
}

/** The form on the left, the stage on the right; on a phone one below the other. */
export function frameOf(element, { name, ask, settings, bar, stage }) {
  const foot = h("div.foot", {}, thinProgress(), waitingPart(), bar);
  const left = h("div.left", {}, ask, h("div.settings", {}, settings), foot);
  element.replaceChildren(h(`div.desk.of-${name}`, {}, left, stage.element, announcements()));
}

function promptPart(form, data, first, ask, model) {
  const hints = examples(form);
  const words = form.add(text({ ...data.prompt, rows: 3, placeholder: "ui.prompt.placeholder" }));
  const negative = text({ ...data.negative_prompt, rows: 2, placeholder: "ui.negative.placeholder" });
  const unwanted = form.add(negative);
  const rows = networkRows(form, model);
  const element = h(
    "div.ask",
    {},
    first,
    [words, rows.prompt, hints.element],
    [unwanted, rows.negative_prompt],
    ask,
  );
  return { element, suit: model => hints.show(model.card) };
}

/** Steps, guidance, sampler, schedule, seed, how many. */
function usualPart(form, data, stage) {
  const sampler = choice(data.sampler);
  const schedule = choice(data.schedule);
  const elements = [
    pair(
      form.add(number({ ...data.steps, slider: [1, 60, 1] })),
      form.add(number({ ...data.cfg_scale, slider: [1, 20, 0.5] })),
    ),
    pair(form.add(sampler), form.add(schedule)),
    form.add(seedField(form, data.seed, stage.seed)),
    pair(form.add(number(data.batch_count)), form.add(number(data.batch_size))),
  ];
  const offer = offers => {
    sampler.offer(offers.samplers.map(one => one.name));
    schedule.offer(offers.schedules.map(one => one.name));
  };
  return { elements, offer };
}

/** In how many bits the model is kept in memory. */
export const storageField = data =>
  worded({ ...data, hint: "ui.storage.hint" }, { none: "ui.storage.card" });

function morePart(form, data) {
  const variation = { ...data.variation_strength, step: 0.05, slider: [0, 1, 0.05] };
  return fold(
    `${form.key}.more`,
    t("ui.more"),
    form.add(vaeField(data.vae)),
    pair(form.add(seedField(form, data.variation_seed)), form.add(number(variation))),
    pair(
      form.add(number(data.clip_skip)),
      form.add(worded(data.noise_source, { none: "ui.as_in_settings" })),
    ),
    form.add(number({ ...data.shift, step: 0.1 })),
    form.add(storageField(data.storage)),
    pair(form.add(number(data.seed_resize_width)), form.add(number(data.seed_resize_height))),
    pair(
      form.add(number(data.eta_noise_seed_delta)),
      form.add(worded(data.image_format, { none: "ui.as_in_settings" })),
    ),
  );
}
