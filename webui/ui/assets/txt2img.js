// Text to image: what is asked for on the left, what came of it on the right.
import { get, postFile } from "./api.js";
import { actionBar } from "./actions.js";
import { h } from "./dom.js";
import { choice, field, number, text } from "./fields.js";
import { Form, fold } from "./form.js";
import { follow, live } from "./live.js";
import { examples, modelPart } from "./model.js";
import { notice } from "./notice.js";
import { announcements, thinProgress, waitingPart } from "./progress.js";
import { seedField, seedJson } from "./seed.js";
import { addTarget, showTab } from "./send.js";
import { sizePart } from "./size.js";
import { stagePart } from "./stage.js";
import { local, t, word } from "./text.js";

const SEEDS = ["seed", "variation_seed"];

export function mount({ element, props }) {
  const form = new Form("txt2img");
  const stage = stagePart();
  const data = Object.fromEntries(
    props.fields.map(one => [one.name, { ...one, label: `ui.field.${one.name}` }]),
  );
  const hints = examples(form);
  const size = sizePart(form, data);
  const model = modelPart(form, data.model, card => {
    hints.show(card);
    size.suit(card);
  });
  const menus = { sampler: choice(data.sampler), schedule: choice(data.schedule) };

  const ask = h(
    "div.ask",
    {},
    form.add(text({ ...data.prompt, rows: 3, placeholder: "ui.prompt.placeholder" })),
    hints.element,
    form.add(text({ ...data.negative_prompt, rows: 2, placeholder: "ui.negative.placeholder" })),
  );
  const settings = h(
    "div.settings",
    {},
    model.element,
    size.element,
    ...settingsOf(form, data, menus, stage),
  );
  const bar = actionBar(form, () => requestOf(form), stage.follow);
  const foot = h("div.foot", {}, thinProgress(), waitingPart(), bar);
  const left = h("div.left", {}, ask, settings, foot);
  element.replaceChildren(h("div.txt2img", {}, left, stage.element, announcements()));
  keepMenus(offers => {
    menus.sampler.offer(offers.samplers.map(one => one.name));
    menus.schedule.offer(offers.schedules.map(one => one.name));
    model.load(offers);
  });
  addTarget("txt2img", "ui.send.txt2img", item => takeOver(form, item));
}

/** What comes after model and size: the usual numbers, what few need, what extensions add. */
function settingsOf(form, data, { sampler, schedule }, stage) {
  const pair = (...fields) => h("div.pair", {}, ...fields.map(form.add));
  const asSet = { value: null, label: t("ui.as_in_settings") };
  const worded = ({ choices, ...one }) =>
    choice({
      ...one,
      choices: [asSet, ...choices.map(value => ({ value, label: t(`ui.choice.${value}`) }))],
    });
  return [
    pair(number({ ...data.steps, slider: [1, 60, 1] }), number({ ...data.cfg_scale, slider: [1, 20, 0.5] })),
    pair(sampler, schedule),
    form.add(seedField(form, data.seed, stage.seed)),
    pair(number(data.batch_count), number(data.batch_size)),
    fold(
      "more",
      t("ui.more"),
      pair(
        seedField(form, data.variation_seed),
        number({ ...data.variation_strength, step: 0.05, slider: [0, 1, 0.05] }),
      ),
      pair(number(data.clip_skip), worded(data.noise_source)),
      pair(number(data.seed_resize_width), number(data.seed_resize_height)),
      pair(number(data.eta_noise_seed_delta), worded(data.image_format)),
    ),
    ...window.easel.panels.map(panel => panelOf(form, panel)),
  ];
}

function panelOf(form, { extension, title, fields }) {
  const named = fields.map(one => field({ ...one, name: `extensions.${extension}.${one.name}` }));
  return fold(`panel.${extension}`, local(title) || extension, ...named.map(form.add));
}

/** Fill the menus now, when the server or the worker is back, and when one comes back to the page. */
function keepMenus(fill) {
  let asked = "",
    filled = "";
  const load = async () => {
    const offers = await get("/offers").catch(() => null); // no server: the line to it will tell
    const now = JSON.stringify(offers);
    if (!offers || now === filled) return;
    filled = now;
    fill(offers);
  };
  follow(() => {
    const now = live.link === "online" ? `${live.link} ${live.worker.state === "starting"}` : live.link;
    if (now === asked) return;
    asked = now;
    load();
  });
  addEventListener("focus", load);
}

/** The form as a request. An extension's values go along where one of them was changed. */
export function requestOf(form) {
  const request = { kind: "txt2img", extensions: {} };
  for (const [name, value] of Object.entries(form.values())) {
    const [where, extension, field] = name.split(".");
    if (where !== "extensions") request[name] = SEEDS.includes(name) ? seedJson(value) : value;
    else (request.extensions[extension] ??= {})[field] = value;
  }
  for (const name of Object.keys(request.extensions)) {
    const own = form.names().filter(one => one.startsWith(`extensions.${name}.`));
    if (form.differing(own).length === 0) delete request.extensions[name];
  }
  return request;
}

/** Set the form from a picture's parameters; what is not here is named. */
async function takeOver(form, item) {
  let read;
  try {
    read = await postFile("/infotext", await item.blob());
  } catch (error) {
    return notice(word(error.problems[0]));
  }
  const undo = form.keep();
  const fits = Object.entries(read.fields).filter(([name, value]) => form.takes(name, value));
  for (const [name, value] of fits) form.set(name, value);
  showTab("txt2img");
  const names = missing(read.parameters, new Set(fits.map(([name]) => name))).join(", ");
  notice(names ? t("ui.send.partly", { names }) : t("ui.send.done"), { undo });
}

const missing = (parameters, taken) =>
  Object.entries({ Model: "model", Sampler: "sampler" })
    .filter(([key, name]) => parameters[key] && !taken.has(name))
    .map(([key, name]) => `${t(`ui.field.${name}`)} ${parameters[key]}`);
