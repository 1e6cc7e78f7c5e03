// Animation: prompts and schedules over the frames, the frames as they come, and a film of them.
import { actionBar } from "./actions.js";
import { barsPart } from "./animation_bars.js";
import { filesPart } from "./animation_files.js";
import { filmAfter, filmField, filmOf, filmOptions, filmRow, previewButton } from "./animation_film.js";
import { glancePart } from "./animation_glance.js";
import { openerPart } from "./animation_open.js";
import { pastPart } from "./animation_past.js";
import { clockOf, planPart } from "./animation_plan.js";
import { promptsPart } from "./animation_prompts.js";
import { BASE, NATIVE, SETTING, requestOf } from "./animation_request.js";
import { scrubPart } from "./animation_scrub.js";
import { settingsPart } from "./animation_settings.js";
import { soundPart } from "./animation_sound.js";
import { h } from "./dom.js";
import { dataOf, frameOf, pair, storageField, worded } from "./drawing.js";
import { choice, line, number, text } from "./fields.js";
import { Form, fold } from "./form.js";
import { memoryLine } from "./memory.js";
import { notice } from "./notice.js";
import { followOffers } from "./offers.js";
import { panelsOf } from "./panels.js";
import { modelChoices } from "./part.js";
import { seedField } from "./seed.js";
import { stagePart } from "./stage.js";
import { recall, remember } from "./store.js";
import { local, t, word } from "./text.js";

const PLANE = ["zoom", "angle", "translation_x", "translation_y"];
const SPACE = ["translation_x", "translation_y", "translation_z", "rotation_3d_x", "rotation_3d_y", "rotation_3d_z"];
const DRAWING = ["strength_schedule", "cfg_scale_schedule", "noise_schedule"];

export function mount({ element, props }) {
  const form = new Form("animation");
  const data = dataOf(props.fields);
  const of = name => data[SETTING + name];
  const add = (name, make = number, more = {}) => form.add(make({ ...of(name), ...more }));
  const prompts = text({ name: "_prompts", label: "ui.animation.prompts", hint: "ui.animation.prompts.hint", rows: 4 });
  let plan = null;
  const opener = openerPart(form, of, { ask: () => ask(), files: () => files, opened: () => more.show() });
  const film = filmOptions(props.film);
  const glance = glancePart(() => requestOf(form, files));
  const stage = stagePart({
    name: "animation",
    home: { element: glance.element, title: t("ui.animation.glance") },
    kinds: ["animation", "film"],
    empty: "ui.animation.empty",
    choices: (picture, job) => filmRow(job, props.film, film.options, made => stage.follow(made)),
  });
  form.add(countOfFiles());
  const files = filesPart(form, purpose => purpose === "redraw" && form.set(`${SETTING}animation_mode`, "Video Input"));
  const ask = () => requestOf(form, files);
  const held = { get: () => recall(BASE) ?? NATIVE, set: values => remember(BASE, values) };
  const again = () => form.set("_files", form.value("_files")); // tells of what is held beside the form
  const told = () => (again(), more.show());
  const blend = {
    get: () => held.get().prompt_blend ?? "",
    set: name => (held.set({ ...held.get(), prompt_blend: name }), told()),
  };
  const rows = promptsPart(form, form.add(prompts), { blend, clock: () => plan?.clock() ?? clockOf(ask().settings), native: () => ask().settings.compat === NATIVE.compat });
  const words = h("div.ask", {}, rows.element, files.element, opener.element);
  form.place(`${SETTING}prompts`, { ...prompts });
  const mode = worded(of("animation_mode"), { words: "ui.animation.mode" });
  const camera = worded(of("camera"), { words: "ui.animation.camera" });
  const model = choice({ ...data.model, choices: [] });
  const more = settingsPart(props.more, held, again);
  const refuse = problems => notice(problems.map(one => word(one)).join(" "));
  const motion = motionPart(form, add, { mode, camera }, previewButton(ask, stage.follow, refuse));
  const panels = panelsOf(form);
  const settings = [
    pair(form.add(mode), form.add(model)),
    pair(add("max_frames"), add("fps")),
    form.add(filmField(props.film)),
    film.element,
    pair(add("W", number, { step: 8 }), add("H", number, { step: 8 })),
    pair(add("steps", number, { slider: [1, 60, 1] }), add("diffusion_cadence", number, { hint: "ui.animation.cadence.hint" })),
    form.add(worded(of("diffuse"), { words: "ui.animation.diffuse" })),
    motion.element,
    fold(
      "animation.drawing",
      t("ui.animation.drawing"),
      add("strength_schedule", line, { hint: "ui.animation.schedule.hint" }),
      pair(add("cfg_scale_schedule", line), add("noise_schedule", line)),
      pair(form.add(choice(of("color_coherence"))), form.add(choice(of("optical_flow_cadence")))),
      form.add(choice(of("border"))),
      form.add(seedField(form, of("seed"), stage.seed)),
      form.add(number({ ...data.draft, step: 0.05, slider: [0.25, 1, 0.05], hint: "ui.animation.draft.hint" })),
      form.add(storageField(data.storage)),
    ),
    panels.elements,
    more.element,
  ];
  plan = planPart(form, ask, () => schedulesOf(mode.read()));
  const bars = barsPart(plan, rows, () => mode.read() !== "Interpolation");
  plan.tracks.append(bars.element);
  const scrub = scrubPart(plan, glance, { prompts: rows, toHome: stage.goHome, fps: () => Number(form.value(`${SETTING}fps`)) });
  plan.below(bars.ways, scrub.element, soundPart(plan, { sound: files.sound, held, onLabels: told }));
  stage.element.lastChild.before(plan.element); // the caption comes last
  stage.choose(null); // what was made last, before what might be
  form.onChange(motion.show);
  motion.show();
  const begun = job => {
    stage.follow(job);
    filmAfter(job, form.value("_film"), film.options());
  };
  const filmAgain = async job => stage.follow(await filmOf(job, form.value("_film"), film.options()));
  plan.element.after(pastPart({ ask, open: opener.openJob, look: job => scrub.of(job.id), film: filmAgain, onAccepted: begun }));
  const bar = actionBar(form, ask, begun);
  frameOf(element, { name: "animation", ask: words, settings: settings.flat(), bar: [bar, memoryLine(form, ask)], stage });
  const first = { value: null, label: t("ui.animation.default_model") };
  const suit = suitsPart(form);
  followOffers(offers => {
    model.offer([first, ...modelChoices(offers)]);
    suit(offers);
  });
}

/** Takes over, into fields that were not set by hand, the size and guidance that the model was made for, and a prompt. */
function suitsPart(form) {
  let offered = null;
  let before = "";
  const suit = () => {
    const id = form.value("model") ?? offered?.default_model;
    const card = offered?.models.find(one => one.id === id)?.card;
    if (!card || id === before) return;
    before = id;
    const { width, height, cfg_scale: guidance } = card;
    const suited = { W: width, H: height, cfg_scale_schedule: String(guidance) };
    const first = card.examples.map(local).find(Boolean);
    form.suggest({
      _prompts: first ? `0: ${first}` : null,
      ...Object.fromEntries(Object.entries(suited).map(([name, value]) => [SETTING + name, value])),
    });
  };
  form.onChange(suit);
  return offers => {
    offered = offers;
    suit();
  };
}

/** A field that nobody sees: it tells the form that the files or the other settings changed. */
function countOfFiles() {
  const field = number({ name: "_files", kind: "integer", label: "ui.animation.files", default: 0 });
  field.element.hidden = true;
  return field;
}

const CAMERAS = { "2D": PLANE, "3D": SPACE };

/** What the plan draws as curves. */
const schedulesOf = mode => [...(CAMERAS[mode] ?? []), ...DRAWING];

/** The schedules of the camera: those of the mode. */
function motionPart(form, add, { mode, camera }, preview) {
  const schedules = [...new Set([...PLANE, ...SPACE])].map(name => [name, add(name, line)]);
  const show = () => {
    const there = CAMERAS[mode.read()] ?? [];
    for (const [name, field] of schedules) field.hidden = !there.includes(name);
    element.hidden = there.length === 0;
  };
  const element = fold("animation.motion", t("ui.animation.motion"), ...schedules.map(([, field]) => field), form.add(camera), preview);
  element.open = recall("fold.animation.motion") ?? true;
  return { element, show };
}
