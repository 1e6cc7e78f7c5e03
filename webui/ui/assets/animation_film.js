// A film of a finished animation.
import { post } from "./api.js";
import { h } from "./dom.js";
import { choice } from "./fields.js";
import { isActive, take } from "./live.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

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
