// A film of a finished animation.
import { Refused, post } from "./api.js";
import { h } from "./dom.js";
import { choice } from "./fields.js";
import { isActive, take } from "./live.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

const NONE = "none"; // null would be the default again after a reload

/** What becomes of the frames when they are there: a film, or none. */
export function filmField(fields) {
  const formats = fields.find(one => one.name === "format").choices;
  const none = { value: NONE, label: t("ui.animation.no_film") };
  return choice({ name: "_film", label: "ui.animation.film_then", choices: [none, ...formats], default: "mp4" });
}

/** A film of a job that has only just been accepted: it waits for the frames. */
export async function filmAfter(job, format) {
  if (format !== NONE) take(await post("/jobs", { kind: "film", job: job.id, format }));
}

/** A button that shows the motion alone. `ask()` is the request; `onAccepted(job)` is told of the job. */
export function previewButton(ask, onAccepted, refuse) {
  const show = async () => {
    try {
      const job = await post("/jobs", { ...ask(), motion_only: true });
      take(job);
      await filmAfter(job, "mp4");
      onAccepted(job);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refuse(error.problems);
    }
  };
  return h("button.quiet.preview", { type: "button", onclick: show }, t("ui.animation.preview"));
}

/** Below a finished animation: its frames as a film. */
export function filmRow(job, fields, onAccepted) {
  if (job.request.kind !== "animation" || isActive(job) || job.pictures.length < 2) return [];
  const formats = fields.find(one => one.name === "format").choices;
  const menu = choice({ name: "_format", label: "ui.field.format", choices: formats, default: "mp4" });
  menu.write(recall("animation.format") ?? "mp4");
  menu.control.addEventListener("input", () => remember("animation.format", menu.read()));
  const make = async () => {
    const film = await post("/jobs", { kind: "film", job: job.id, format: menu.read() });
    take(film);
    onAccepted(film);
  };
  const button = h("button.primary", { type: "button", onclick: make }, t("ui.animation.film"));
  return [h("div.film", {}, menu.element, button)];
}
