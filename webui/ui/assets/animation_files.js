// The pictures and films that an animation is made after: dropped together, each with its purpose.
import { h } from "./dom.js";
import { storedPictures } from "./stored.js";
import { t } from "./text.js";

const PURPOSES = {
  picture: ["first", "guide", "mask", "colours", "depth"],
  film: ["redraw", "motion", "mix", "masks", "depths", "sound"],
  sound: ["sound"],
};
const FILE_OF = {
  first: "init_image",
  mask: "mask_file",
  colours: "color_coherence_image_path",
  redraw: "video_init_path",
  motion: "video_init_path",
  mix: "video_init_path",
  masks: "video_mask_path",
  depth: "depth_source",
  depths: "depth_source",
  sound: "soundtrack_path",
};
// What a purpose switches on, where a settings file has not said otherwise.
const MEANS = {
  first: { use_init: true },
  guide: { use_looper: true },
  mask: { use_mask: true },
  colours: { color_coherence: "Image" },
  redraw: { animation_mode: "Video Input" },
  motion: { hybrid_motion: "Optical Flow", hybrid_flow_method: "DIS Medium" },
  mix: { hybrid_composite: "Normal" },
  masks: { use_mask_video: true },
  depth: { use_depth_warping: true },
  depths: { use_depth_warping: true },
  sound: { add_soundtrack: "File" },
};
const isSound = one => one.media?.startsWith("audio/");
const isFilm = one => one.media?.startsWith("video/") || one.media === "image/gif";

/** `onPurpose(purpose)` is told what a file is for, when that is chosen or changed. */
export function filesPart(form, onPurpose) {
  const list = storedPictures({
    key: "animation.files",
    label: "ui.animation.files",
    words: "ui.animation.files.drop",
    field: "files",
    accept: "image/*,video/*,audio/*,.mkv,.avi",
    made: (one, held) => {
      const purpose = firstFree(one, held);
      queueMicrotask(() => onPurpose(purpose));
      return { ...one, purpose, frame: 0 };
    },
    tile: (one, changed) => purposeOf(one, changed, onPurpose),
    onChange: () => form.set("_files", list.pictures().length),
  });
  for (const name of ["init_images", ...Object.values(FILE_OF)]) form.place(`settings.${name}`, list);
  return {
    element: list.element,
    files: () => Object.fromEntries(list.pictures().map(one => [nameOf(one), one.ref])),
    /** What the files mean, over these settings. */
    over: settings => list.pictures().reduce(withFile, settings),
    list,
    /** The files of a request, as they were sent; returns the way back. */
    put: ({ files, settings }) => {
      const before = list.pictures();
      list.hold(Object.entries(files ?? {}).map(([name, ref]) => heldOf(name, ref, settings)).filter(Boolean));
      return () => list.hold(before);
    },
    /** What is heard: the file that is the film's sound, or null. */
    sound: () => list.pictures().find(one => one.purpose === "sound") ?? null,
  };
}

const kindOf = one => (isSound(one) ? "sound" : isFilm(one) ? "film" : "picture");

const nameOf = one => (one.purpose === "guide" ? `init_images.${one.frame}` : FILE_OF[one.purpose]);

/** A file of a request as this part holds it; null of one that it has no purpose for. */
function heldOf(name, ref, settings) {
  const guide = /^init_images\.(\d+)$/.exec(name);
  const fits = Object.keys(FILE_OF).filter(one => FILE_OF[one] === name);
  const purpose = guide ? "guide" : (fits.find(one => isMeant(one, settings)) ?? fits[0]);
  if (!purpose) return null;
  const title = String((guide ? settings.init_images?.[guide[1]] : settings[name]) || name);
  const media = purpose === "sound" ? "audio/*" : PURPOSES.film.includes(purpose) ? "video/*" : "image/*";
  return { ref, title, media, purpose, width: 0, height: 0, frame: Number(guide?.[1] ?? 0) };
}

const isMeant = (purpose, settings) =>
  ({ redraw: settings.animation_mode === "Video Input", mix: (settings.hybrid_composite ?? "None") !== "None", motion: (settings.hybrid_motion ?? "None") !== "None" })[purpose];

function withFile(settings, one) {
  const made = { ...settings };
  for (const [name, value] of Object.entries(MEANS[one.purpose]))
    if (made[name] === undefined || made[name] === "None" || typeof value === "boolean") made[name] = value;
  if (one.purpose === "colours" || one.purpose === "redraw") Object.assign(made, MEANS[one.purpose]);
  if (one.purpose === "guide") made.init_images = { ...made.init_images, [one.frame]: one.title };
  else made[FILE_OF[one.purpose]] = one.title;
  return made;
}

function firstFree(one, held) {
  const fit = PURPOSES[kindOf(one)];
  const taken = held.map(other => other.purpose);
  return fit.find(name => !taken.includes(name)) ?? fit[0];
}

/** A menu of what the file is for, and the frame that a guide belongs to. */
function purposeOf(one, changed, onPurpose) {
  const names = one.media === "image/gif" ? [...PURPOSES.picture, ...PURPOSES.film] : PURPOSES[kindOf(one)];
  const options = names.map(name => h("option", { value: name }, t(`ui.animation.files.${name}`)));
  const menu = h("select.purpose", { "aria-label": t("ui.animation.files.purpose") }, ...options);
  const frame = h("input.at", { type: "number", min: 0, step: 1, "aria-label": t("ui.animation.files.at"), value: one.frame });
  menu.value = one.purpose;
  frame.hidden = one.purpose !== "guide";
  menu.addEventListener("input", () => {
    one.purpose = menu.value;
    frame.hidden = one.purpose !== "guide";
    changed();
    onPurpose(one.purpose);
  });
  frame.addEventListener("change", () => {
    one.frame = Math.max(0, Math.round(Number(frame.value)) || 0);
    frame.value = one.frame;
    changed();
  });
  return [menu, frame];
}
