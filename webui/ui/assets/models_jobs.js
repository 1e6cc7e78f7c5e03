// Jobs that bring models: a sheet with a form for each, and how those in work stand.
import { Refused, post } from "./api.js";
import { arrange, h, iconButton, newId, say } from "./dom.js";
import { activeJobs, follow, live, over, take } from "./live.js";
import { primary } from "./models_card.js";
import { notice } from "./notice.js";
import { describe } from "./progress.js";
import { requestOf } from "./request.js";
import { t, word } from "./text.js";

const KINDS = ["download", "merge", "convert", "hash"];

function nameOf({ kind, source, file_name: name, model, model_a: a, model_b: b }) {
  if (kind === "hash") return model ? t("ui.models.hashing.of", { name: model }) : t("ui.models.hashing");
  return source || name || model || `${a} + ${b}`;
}

/** Compute hashes of one model or of all that have none (`what`: { of, model }); resolves to the finished job. */
export async function computeHashes(what = {}) {
  const job = await post("/jobs", { kind: "hash", ...what });
  take(job);
  const done = await over(job.id);
  if (done.problem) notice(word(done.problem));
  else if (done.state === "finished" && !what.model) notice(t("ui.models.hashed", { text: done.text }));
  return done;
}

/** parts: elements of the form's fields; without(): fields that do not go along. onMade(): a model is there. Returns { open }. */
export function jobSheet(form, kind, { title, start, parts, onMade, without = () => [] }) {
  const alert = h("div.alert", { role: "alert" });
  const heading = h("h2", { id: newId() }, t(title));
  const close = iconButton("close", t("ui.close"), () => dialog.close());
  const submit = async event => {
    event.preventDefault();
    form.clear();
    alert.replaceChildren();
    try {
      const job = await post("/jobs", requestOf(form, kind, without()));
      take(job);
      dialog.close();
      form.reset(form.names());
      notice(t("ui.models.begun", { title: nameOf(job.request) }));
      await tellEnd(job);
      onMade();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const problem of error.problems) form.blame(problem.field, word(problem));
      alert.replaceChildren(...error.problems.map(problem => h("p", {}, word(problem))));
    }
  };
  const go = primary(start, () => {});
  go.type = "submit";
  const fields = h("form.use", { novalidate: true, onsubmit: submit }, parts, alert, h("div.buttons", {}, go));
  const about = h("div.about", {}, h("header", {}, heading, close), fields);
  const dialog = h("dialog.model-sheet", { "aria-labelledby": heading.id }, about);
  dialog.addEventListener("close", () => dialog.remove());
  const open = () => {
    document.body.append(dialog);
    dialog.showModal();
    parts[0].querySelector("input, select").focus();
  };
  return { open };
}

async function tellEnd({ id }) {
  const job = await over(id);
  if (job.problem) notice(word(job.problem));
  else if (job.state === "finished") notice(t("ui.models.made", { file: job.text ?? nameOf(job.request) }));
}

/** Those in work, with a button that stops each. */
export function workPart() {
  const list = h("ul.work", { "aria-label": t("ui.models.work"), hidden: true });
  const rows = new Map();
  const make = job => {
    const place = h("span.place");
    const stop = () => post(`/jobs/${job.id}/cancel`).then(take, error => notice(error.message));
    const name = nameOf(job.request);
    const label = `${t("ui.models.stop")}: ${name}`;
    rows.set(job.id, { place, item: h("li", {}, h("span.name", {}, name), place, iconButton("close", label, stop)) });
  };
  const show = job => {
    if (!rows.has(job.id)) make(job);
    const { place, item } = rows.get(job.id);
    const { main, more } = describe(job, live.progress.get(job.id));
    say(place, job.state === "running" ? [main, more].filter(Boolean).join(" ") : t("ui.waiting.next"));
    return item;
  };
  follow(() => {
    const jobs = activeJobs().filter(job => KINDS.includes(job.request.kind));
    arrange(list, jobs.map(show));
    list.hidden = !jobs.length;
  });
  return list;
}
