// What the form of an animation asks for, as a request.
import { promptsOf } from "./animation_rows.js";
import { extensionsOf } from "./request.js";
import { seedJson } from "./seed.js";
import { recall } from "./store.js";

export const BASE = "animation.base"; // what a settings file says beyond the form
export const SETTING = "settings.";
export const NATIVE = { compat: "native" };
const SCHEDULES = (
  "zoom angle translation_x translation_y translation_z rotation_3d_x rotation_3d_y rotation_3d_z " +
  "strength_schedule cfg_scale_schedule noise_schedule"
).split(" "); // Deforum's need a key
const OURS = { camera: "relative", diffuse: "cadence" }; // nothing of Deforum's, so not to be named where they say nothing

/** What the form asks for, over what a settings file said beyond it. */
export function requestOf(form, files) {
  const settings = { ...(recall(BASE) ?? NATIVE), prompts: promptsOf(form.value("_prompts")) };
  for (const name of form.names().filter(one => one.startsWith(SETTING)))
    settings[name.slice(SETTING.length)] = name.endsWith("seed") ? seedJson(form.value(name)) : form.value(name);
  if (settings.compat !== "native")
    for (const name of SCHEDULES) if (!String(settings[name]).includes(":")) settings[name] = `0:(${settings[name]})`;
  if (settings.compat !== "native")
    for (const [name, usual] of Object.entries(OURS)) if (settings[name] === usual) delete settings[name];
  const all = { settings: files.over(settings), files: files.files() };
  const own = Object.fromEntries(["model", "draft", "storage"].map(name => [name, form.value(name)]));
  return { kind: "animation", ...all, extensions: extensionsOf(form), ...own };
}
