// Animation: prompts and schedules over the frames, the frames as they come, and a film of them.
import { actionBar } from "./actions.js";
import { dataOf, frameOf, pair, worded } from "./drawing.js";
import { h } from "./dom.js";
import { filmAfter, filmField, filmRow, previewButton } from "./animation_film.js";
import { filesPart } from "./animation_files.js";
import { settingsPart } from "./animation_settings.js";
import { choice, line, number, text } from "./fields.js";
import { Form, fold } from "./form.js";
import { planPart } from "./animation_plan.js";
import { notice } from "./notice.js";
import { followOffers } from "./offers.js";
import { modelChoices } from "./part.js";
import { seedField, seedJson } from "./seed.js";
import { stagePart } from "./stage.js";
import { recall, remember } from "./store.js";
import { t, word } from "./text.js";

const BASE = "animation.base"; // what a settings file says beyond the form
const SETTING = "settings.";
const NATIVE = { compat: "native" };
const PLANE = ["zoom", "angle", "translation_x", "translation_y"];
const SPACE = ["translation_x", "translation_y", "translation_z", "rotation_3d_x", "rotation_3d_y", "rotation_3d_z"];

const DRAWING = ["strength_schedule", "cfg_scale_schedule", "noise_schedule"];
const SCHEDULES = [...PLANE, ...SPACE, ...DRAWING];

export function mount({ element, props }) {
  const form = new Form("animation");
  const data = dataOf(props.fields);
  const of = name => data[SETTING + name];
  const add = (name, make = number, more = {}) => form.add(make({ ...of(name), ...more }));
  const prompts = text({ name: "_prompts", label: "ui.animation.prompts", hint: "ui.animation.prompts.hint", rows: 4 });
  const file = fileRow(form, of, () => requestOf(form, files), () => more.show());
  const stage = stagePart({
    name: "animation",
    kinds: ["animation", "film"],
    empty: "ui.animation.empty",
    choices: (picture, job) => filmRow(job, props.film, film => stage.follow(film)),
  });
  form.add(countOfFiles());
  const files = filesPart(form, purpose => purpose === "redraw" && form.set(`${SETTING}animation_mode`, "Video Input"));
  const words = h("div.ask", {}, form.add(prompts), files.element, file);
  form.place(`${SETTING}prompts`, { ...prompts });
  const mode = worded(of("animation_mode"), { words: "ui.animation.mode" });
  const model = choice({ ...data.model, choices: [] });
  const ask = () => requestOf(form, files);
  const held = { get: () => recall(BASE) ?? NATIVE, set: values => remember(BASE, values) };
  const more = settingsPart(props.more, held, () => form.set("_files", form.value("_files")));
  const refuse = problems => notice(problems.map(one => word(one)).join(" "));
  const motion = motionPart(form, add, mode, previewButton(ask, stage.follow, refuse));
  const settings = [
    pair(form.add(mode), form.add(model)),
    pair(add("max_frames"), add("fps")),
    form.add(filmField(props.film)),
    pair(add("W", number, { step: 8 }), add("H", number, { step: 8 })),
    pair(add("steps", number, { slider: [1, 60, 1] }), add("diffusion_cadence", number, { hint: "ui.animation.cadence.hint" })),
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
    ),
    more.element,
    planPart(form, ask, () => schedulesOf(mode.read())),
  ];
  form.onChange(motion.show);
  motion.show();
  const bar = actionBar(form, ask, job => {
    stage.follow(job);
    filmAfter(job, form.value("_film"));
  });
  frameOf(element, { name: "animation", ask: words, settings, bar: [bar], stage });
  const first = { value: null, label: t("ui.animation.default_model") };
  followOffers(offers => model.offer([first, ...modelChoices(offers)]));
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
function motionPart(form, add, mode, preview) {
  const schedules = [...new Set([...PLANE, ...SPACE])].map(name => [name, add(name, line)]);
  const show = () => {
    const there = CAMERAS[mode.read()] ?? [];
    for (const [name, field] of schedules) field.hidden = !there.includes(name);
    element.hidden = there.length === 0;
  };
  const element = fold("animation.motion", t("ui.animation.motion"), ...schedules.map(([, field]) => field), preview);
  element.open = recall("fold.animation.motion") ?? true;
  return { element, show };
}

/** What the form asks for, over what a settings file said beyond it. */
function requestOf(form, files) {
  const settings = { ...(recall(BASE) ?? NATIVE), prompts: promptsOf(form.value("_prompts")) };
  for (const name of form.names().filter(one => one.startsWith(SETTING)))
    settings[name.slice(SETTING.length)] = name.endsWith("seed") ? seedJson(form.value(name)) : form.value(name);
  if (settings.compat !== "native")
    for (const name of SCHEDULES) if (!String(settings[name]).includes(":")) settings[name] = `0:(${settings[name]})`;
  const all = { settings: files.over(settings), files: files.files() };
  return { kind: "animation", ...all, model: form.value("model"), draft: form.value("draft") };
}

/** Lines `30: a green apple`, or the object of a settings file. */
function promptsOf(words) {
  if (words.trim().startsWith("{")) {
    try {
      return JSON.parse(words);
    } catch {
      return { 0: words }; // the server says what is wrong with it
    }
  }
  const found = {};
  let key = "0";
  for (const one of words.split("\n").filter(part => part.trim())) {
    const parts = /^\s*([\w.*+/() -]{1,40}?)\s*:\s*(.*)$/.exec(one);
    if (parts && /^[\d(]|^max_f/.test(parts[1])) found[(key = parts[1])] = parts[2];
    else found[key] = found[key] ? `${found[key]} ${one.trim()}` : one.trim();
  }
  return found;
}

const linesOf = prompts =>
  Array.isArray(prompts)
    ? JSON.stringify(prompts, null, 1)
    : Object.entries(prompts ?? {})
        .map(([key, words]) => `${key}: ${String(words).replaceAll("\n", " ")}`)
        .join("\n");

/** Open and save settings files, Deforum's too. */
function fileRow(form, of, ask, opened) {
  const input = h("input", { type: "file", accept: ".json,.txt,application/json", hidden: true });
  const problem = h("p.problem", { role: "alert", hidden: true });
  const open = h("button.quiet", { type: "button", onclick: () => input.click() }, t("ui.animation.open"));
  const save = h("button.quiet", { type: "button", onclick: () => download(ask().settings) }, t("ui.animation.save"));
  input.addEventListener("change", async () => {
    const [given] = input.files;
    input.value = "";
    if (!given) return;
    const settings = await given.text().then(JSON.parse).catch(() => null);
    const wrong = !settings || typeof settings !== "object" || Array.isArray(settings);
    problem.hidden = !wrong;
    problem.textContent = wrong ? t("ui.animation.no_settings", { name: given.name }) : "";
    if (wrong) return;
    const undo = form.keep();
    const before = recall(BASE) ?? NATIVE;
    fill(form, settings, of);
    opened();
    notice(t("ui.animation.opened", { name: given.name }), {
      undo: () => {
        remember(BASE, before);
        undo();
        opened();
      },
    });
  });
  return h("div.files", {}, h("div.buttons", {}, open, save), input, problem);
}

function fill(form, settings, of) {
  const { prompts, ...rest } = settings;
  remember(BASE, { compat: "deforum-3", ...rest });
  form.set("_prompts", linesOf(prompts ?? settings.animation_prompts));
  for (const place of form.names().filter(one => one.startsWith(SETTING))) {
    const name = place.slice(SETTING.length);
    form.set(place, String(rest[name] ?? of(name).left_out));
  }
}

function download(settings) {
  const url = URL.createObjectURL(new Blob([JSON.stringify(settings, null, 2)], { type: "application/json" }));
  h("a", { href: url, download: "animation.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
