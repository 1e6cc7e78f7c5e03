// Settings into the form, from a file (Deforum's too) or from an animation that was; and out into a file.
import { h } from "./dom.js";
import { notice } from "./notice.js";
import { BASE, NATIVE, SETTING } from "./animation_request.js";
import { linesOf } from "./animation_rows.js";
import { nameOf } from "./animation_scrub.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

/** of(name): a field's data. ask(): what the form asks for. files(): see animation_files.js. `opened()` when settings came in. */
export function openerPart(form, of, { ask, files, opened }) {
  const input = h("input", { type: "file", accept: ".json,.txt,application/json", hidden: true });
  const problem = h("p.problem", { role: "alert", hidden: true });
  const open = h("button.quiet", { type: "button", onclick: () => input.click() }, t("ui.animation.open"));
  const save = h("button.quiet", { type: "button", onclick: () => download(ask().settings) }, t("ui.animation.save"));
  /** also(): more that is put in; it returns the way back. */
  const take = (settings, name, also) => {
    const back = form.keep();
    const before = recall(BASE) ?? NATIVE;
    fill(form, settings, of);
    const undone = also?.();
    opened();
    const undo = () => {
      remember(BASE, before);
      undone?.();
      back();
      opened();
    };
    notice(t("ui.animation.opened", { name }), { undo });
  };
  input.addEventListener("change", async () => {
    const [given] = input.files;
    input.value = "";
    if (!given) return;
    const settings = await given.text().then(JSON.parse).catch(() => null);
    const wrong = !settings || typeof settings !== "object" || Array.isArray(settings);
    problem.hidden = !wrong;
    problem.textContent = wrong ? t("ui.animation.no_settings", { name: given.name }) : "";
    if (!wrong) take(settings, given.name);
  });
  return {
    element: h("div.files", {}, h("div.buttons", {}, open, save), input, problem),
    /** An animation as it was asked for: settings, files, model, extensions. */
    openJob: job =>
      take(job.request.settings, nameOf(job), () => {
        form.set("model", job.request.model);
        form.set("draft", job.request.draft);
        form.set("storage", job.request.storage);
        for (const [extension, values] of Object.entries(job.request.extensions ?? {})) takeExtension(form, extension, values);
        return files().put(job.request);
      }),
  };
}

const [SCHEDULE, OF] = ["$schedule", "$of"]; // how a job holds a schedule in the place of a number (webui/core/scheduled.py)

/** Values of an extension as they were written. */
const written = value => {
  if (value === null || typeof value !== "object") return value;
  if (typeof value[SCHEDULE] === "string") return value[OF] ? { [SCHEDULE]: value[SCHEDULE], [OF]: value[OF] } : value[SCHEDULE];
  return Array.isArray(value) ? value.map(written) : Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one)]));
};

function takeExtension(form, extension, held) {
  const values = written(held);
  const name = `extensions.${extension}`;
  if (form.has(name)) return form.set(name, values); // all of them in one
  for (const [field, value] of Object.entries(values)) if (form.has(`${name}.${field}`)) form.set(`${name}.${field}`, value);
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
