// Many pictures at once: each chosen file becomes a job of its own, which keeps the file's name.
import { Refused, get, post, postFile } from "./api.js";
import { h, say } from "./dom.js";
import { chooser } from "./editor_intake.js";
import { line, toggle } from "./fields.js";
import { fold } from "./form.js";
import { follow, isActive, live, take } from "./live.js";
import { seedJson } from "./seed.js";
import { recall, remember } from "./store.js";
import { t, tn, word } from "./text.js";
import { upload } from "./upload.js";

const OWN = [
  "prompt",
  "negative_prompt",
  "seed",
  "steps",
  "cfg_scale",
  "sampler",
  "schedule",
  "model",
  "clip_skip",
];
const SHOWN = 10; // refused files that are named
const FORBIDDEN = /[\p{Cc}/\\<>:"|?*]/gu;
const byName = new Intl.Collator(undefined, { numeric: true }).compare;

/** A name that a file of the outputs may have; null where nothing is left of it. */
export const plainName = name =>
  name
    .replace(FORBIDDEN, "_")
    .replace(/^[. ]+/, "")
    .slice(0, 200)
    .trim() || null;
const stem = file => plainName(file.name.replace(/\.[^.]*$/, ""));
const pathOf = file => file.webkitRelativePath || file.name;

/** request(): what to ask for with each picture, but for the picture itself. */
export function batchPart(form, request) {
  const [folder, own] = batchFields();
  const chosen = choicePart(place => folder.read() || form.set("_batch_folder", plainName(place) ?? ""));
  const alert = h("p.problem", { role: "alert", hidden: true });
  const round = roundPart("img2img.batch");
  const tell = refused => {
    const sentences = refused.map(({ file, error }) => `${file.name}: ${error.message}`);
    alert.replaceChildren(...sentences.slice(0, SHOWN).map(one => h("span", {}, one)));
    alert.hidden = !sentences.length;
    for (const one of refused[0]?.error.problems ?? []) form.blame(one.field, word(one));
  };
  const run = async () => {
    tell([]);
    form.clear();
    const common = { ...request(), folder: folder.read() || null };
    tell(await round.run(chosen.take(), file => ask(file, common, own.read())));
  };
  chosen.start.addEventListener("click", run);
  const parts = [chosen.element, form.add(folder), form.add(own), chosen.start, alert, round.element];
  return { element: fold("img2img.batch", t("ui.batch"), h("p.hint", {}, t("ui.batch.words")), parts) };
}

const batchFields = () => [
  line({ name: "_batch_folder", label: "ui.batch.folder", default: "", hint: "ui.batch.folder.hint" }),
  toggle({ name: "_batch_own", label: "ui.batch.own", default: false, hint: "ui.batch.own.hint" }),
];

/** Files or a folder, and the button to begin. `onFolder(name)` is called when a folder was chosen. */
function choicePart(onFolder) {
  let files = [];
  const start = h("button.quiet.strong", { type: "button" });
  const none = h("p.result", { role: "status" });
  const show = () => {
    start.hidden = !files.length;
    say(start, tn("ui.batch.start", files.length));
    say(none, files.length ? "" : t("ui.batch.none"));
  };
  const choose = found => {
    files = found.filter(file => file.type.startsWith("image/")).sort((a, b) => byName(pathOf(a), pathOf(b)));
    const place = files[0]?.webkitRelativePath?.split("/").at(-2);
    if (place) onFolder(place);
    show();
  };
  const button = (label, how) => {
    const input = chooser(choose, { multiple: true, ...how });
    return [h("button.quiet", { type: "button", onclick: () => input.click() }, t(label)), input];
  };
  const buttons = [
    ...button("ui.batch.files"),
    ...button("ui.batch.choose_folder", { webkitdirectory: true }),
  ];
  show();
  return {
    element: h("div.inside", {}, h("div.buttons", {}, buttons), none),
    start,
    /** The files, which are then no longer chosen. */
    take: () => {
      const taken = files;
      files = [];
      show();
      return taken;
    },
  };
}

/** Post the job of one file. */
async function ask(file, common, withOwn) {
  const { id } = await upload(file);
  const { fields } = withOwn ? await postFile("/infotext", file) : { fields: {} };
  const its = OWN.filter(name => name in fields).map(name => [
    name,
    name === "seed" ? seedJson(String(fields.seed)) : fields[name],
  ]);
  const job = await post("/jobs", {
    ...common,
    ...Object.fromEntries(its),
    image: id,
    file_name: stem(file),
  });
  take(job);
  return job.id;
}

/** A round of jobs: sent one after the other, then watched; the page may be left as soon as all are sent. */
function roundPart(key) {
  let { ids } = recall(key) ?? { ids: [] };
  let all = ids.length;
  let sending = false;
  const bar = h("progress", { max: 1, "aria-label": t("ui.batch") });
  const words = h("p", { role: "status" });
  const stop = h("button.quiet", { type: "button", onclick: () => end() }, t("ui.batch.stop"));
  const element = h("div.round", { hidden: true }, bar, words, stop);
  const jobs = () => ids.map(id => live.jobs.get(id));
  const keep = () => remember(key, { ids });

  const end = async () => {
    sending = false;
    const isOver = id => live.jobs.has(id) && !isActive(live.jobs.get(id));
    // The last first: so none begins meanwhile.
    for (const id of ids.filter(id => !isOver(id)).reverse()) await cancel(id);
    [ids, all] = [[], 0];
    keep();
    show();
  };
  const show = () => {
    element.hidden = !all;
    const known = jobs();
    const over = known.filter(job => job && !isActive(job));
    const failed = over.filter(job => job.state !== "finished").length;
    const finished = over.length - failed;
    bar.value = all ? over.length / all : 0;
    const sent = sending ? t("ui.batch.sent", { n: ids.length, all }) : "";
    const bad = failed ? tn("ui.batch.failed", failed) : "";
    say(words, [t("ui.batch.done", { n: finished, all }), bad, sent].filter(Boolean).join(" · "));
    say(stop, t(over.length === ids.length && !sending ? "ui.close" : "ui.batch.stop"));
  };
  /** Sends one after the other; what the server refuses is given back, the others are sent all the same. */
  const run = async (files, send) => {
    [ids, all, sending] = [[], files.length, true];
    const refused = [];
    const warn = event => event.preventDefault();
    addEventListener("beforeunload", warn);
    for (const file of files) {
      if (!sending) break;
      try {
        ids.push(await send(file));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        error.message = error.problems.map(one => word(one)).join(" ");
        refused.push({ file, error });
      }
      keep();
      show();
    }
    sending = false;
    removeEventListener("beforeunload", warn);
    show();
    return refused;
  };
  for (const id of ids) if (!live.jobs.has(id)) get(`/jobs/${id}`).then(take, () => {});
  follow(show);
  return { element, run };
}

const cancel = id => post(`/jobs/${id}/cancel`).then(take, () => {});
