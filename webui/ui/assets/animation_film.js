// A film of an animation: what it is to be, when it comes by itself, and when it is made again.
import { Refused, post } from "./api.js";
import { toolChoices } from "./caption.js";
import { h } from "./dom.js";
import { choice, field } from "./fields.js";
import { Form, fold } from "./form.js";
import { isActive, take } from "./live.js";
import { notice } from "./notice.js";
import { followOffers } from "./offers.js";
import { recall, remember } from "./store.js";
import { language, t, word } from "./text.js";

const NONE = "none"; // null would be the default again after a reload
const ELSEWHERE = ["image_format", "file_name", "folder", "job", "format", "sound", "language"];
const WORDED = { soundtrack: "ui.animation.soundtrack" };

/** What becomes of the frames when they are there: a film, or none. */
export function filmField(fields) {
  const formats = fields.find(one => one.name === "format").choices;
  const none = { value: NONE, label: t("ui.animation.no_film") };
  return choice({ name: "_film", label: "ui.animation.film_then", choices: [none, ...formats], default: "mp4" });
}

/** All else that a film can be told; `options()` are those that were set. */
export function filmOptions(fields) {
  const form = new Form("film");
  const shown = fields.filter(one => !ELSEWHERE.includes(one.name));
  const made = shown.map(one => optionField({ ...one, slider: null, label: `ui.field.${one.name}` }));
  const rows = made.map(form.add);
  const element = fold("animation.film", t("ui.animation.film.options"), h("div.film-options", {}, rows));
  const options = () => {
    const set = form.differing(form.names());
    return Object.fromEntries(set.map(name => [name, form.value(name)]));
  };
  return { element, options };
}

const optionField = data => (data.name === "interpolator" ? interpolatorMenu(data) : field({ ...data, ...wordedChoices(data) }));

/** What draws the pictures between: what the settings say, optical flow, or an extension. */
function interpolatorMenu(data) {
  const open = { value: null, label: t("ui.animation.interpolator.open") };
  const menu = choice({ ...data, choices: [open] });
  followOffers(({ interpolators }) => menu.offer([open, ...toolChoices(interpolators)]));
  return menu;
}

const wordedChoices = ({ name, choices }) => (WORDED[name] ? { choices: choices.map(value => ({ value, label: t(`${WORDED[name]}.${value}`) })) } : {});

/** A film of a job, also of one that has only just been accepted: it waits for the frames. */
export async function filmOf(job, format, options) {
  try {
    const wanted = format === NONE ? "mp4" : format;
    const film = await post("/jobs", { kind: "film", job: job.id, format: wanted, language, ...options });
    take(film);
    return film;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(error.problems.map(one => word(one)).join(" "));
    return null;
  }
}

export const filmAfter = (job, format, options) => format !== NONE && filmOf(job, format, options);

/** A button that shows the motion alone. `ask()` is the request; `onAccepted(job)` is told of the job. */
export function previewButton(ask, onAccepted, refuse) {
  const show = async () => {
    try {
      const job = await post("/jobs", { ...ask(), motion_only: true });
      take(job);
      if (job.warnings?.length) refuse(job.warnings);
      await filmAfter(job, "mp4", {});
      onAccepted(job);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error.problems);
    }
  };
  return h("button.quiet.preview", { type: "button", onclick: show }, t("ui.animation.preview"));
}

/** Below a finished animation: its frames as a film. */
export function filmRow(job, fields, options, onAccepted) {
  if (job.request.kind !== "animation" || isActive(job) || job.pictures.length < 2) return [];
  const formats = fields.find(one => one.name === "format").choices;
  const menu = choice({ name: "_format", label: "ui.field.format", choices: formats, default: "mp4" });
  menu.write(recall("animation.format") ?? "mp4");
  menu.control.addEventListener("input", () => remember("animation.format", menu.read()));
  const make = async () => {
    const film = await filmOf(job, menu.read(), options());
    if (film) onAccepted(film);
  };
  const button = h("button.primary", { type: "button", onclick: make }, t("ui.animation.film"));
  return [h("div.film", {}, menu.element, button)];
}
