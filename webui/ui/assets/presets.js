// What suits a model, as a line below its menu: what it set, and the user's own settings for it.
import { del, get, put } from "./api.js";
import { h } from "./dom.js";
import { notice } from "./notice.js";
import { refreshOffers } from "./offers.js";
import { t } from "./text.js";

/** Of a model's card, what goes into the form. */
export const SETTINGS = [
  ...["width", "height", "steps", "sampler", "schedule", "cfg_scale", "shift", "clip_skip", "vae"],
];
const KEPT = [...SETTINGS, "storage", "negative_prompt"];

const isSet = value => value !== null && value !== "?";
const labelOf = name => t(`ui.field.${name}`);

/** "Steps 4, Sampler LCM": settings in words. */
export const inWords = values =>
  Object.entries(values)
    .filter(([, value]) => value !== null && value !== "")
    .map(([name, value]) => `${labelOf(name)} ${value}`)
    .join(", ");

/** Fields of those names that have other values now than before. */
export function changed(form, before) {
  const now = Object.entries(before).filter(([name, value]) => form.has(name) && form.value(name) !== value);
  return Object.fromEntries(now.map(([name]) => [name, form.value(name)]));
}

export const current = (form, names = KEPT) =>
  Object.fromEntries(names.filter(form.has).map(name => [name, form.value(name)]));

/** Buttons that keep the form's settings for a model, and forget them. */
export function keepPart(form, model, titleOf) {
  const keep = h("button.link", { type: "button", onclick: () => keepNow() }, t("ui.preset.keep"));
  const forget = h(
    "button.link",
    { type: "button", hidden: true, onclick: () => forgetNow() },
    t("ui.preset.forget"),
  );
  const element = h("div.keep", {}, keep, forget);
  let own = new Set();

  const show = () => {
    forget.hidden = !own.has(model()?.id);
  };
  const load = async () => {
    const { presets } = await get("/presets").catch(() => ({ presets: [] }));
    own = new Set(presets.filter(one => one.kind === "model").map(one => one.name));
    show();
  };
  const trying = async act => {
    try {
      return await act();
    } catch (error) {
      notice(error.message);
      return null;
    }
  };
  const keepNow = () =>
    trying(async () => {
      const chosen = model();
      const values = Object.fromEntries(Object.entries(current(form)).filter(([, value]) => isSet(value)));
      await put("/presets", { kind: "model", name: chosen.id, values });
      await Promise.all([refreshOffers(), load()]);
      const undo = () => trying(() => remove(chosen));
      notice(t("ui.preset.kept", { title: titleOf(chosen), settings: inWords(values) || "–" }), { undo });
    });
  const remove = async chosen => {
    await del(`/presets?kind=model&name=${encodeURIComponent(chosen.id)}`);
    await Promise.all([refreshOffers(), load()]);
  };
  const forgetNow = () =>
    trying(async () => {
      const chosen = model();
      await remove(chosen);
      notice(t("ui.preset.forgotten", { title: titleOf(chosen) }));
    });
  load();
  return { element, show };
}
