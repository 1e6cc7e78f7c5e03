// Generate, Skip, Interrupt: buttons, keys, and what the server said no to.
import { Refused, post } from "./api.js";
import { arrange, h, say } from "./dom.js";
import { activeJobs, follow, runningJob, take } from "./live.js";
import { wholeOf } from "./plot_jobs.js";
import { t, word } from "./text.js";

const button = (kind, text, keys, onclick) =>
  h(`button.${kind}`, { type: "button", title: keys, onclick }, t(text));

/**
 * `request()`: what to ask for, or several, or a promise of it. `onAccepted(job)` is called for each that the
 * server took.
 */
export function actionBar(form, request, onAccepted) {
  const alert = h("div.alert", { role: "alert" });
  const warned = h("div.warned", { role: "status" });
  const put = (place, sentences) => place.replaceChildren(...sentences.map(sentence => h("p", {}, sentence)));
  const tell = sentences => put(alert, sentences);

  const refuse = error => {
    if (!(error instanceof Refused)) throw error;
    const placed = error.problems.filter(problem => form.blame(problem.field, word(problem)));
    tell(error.problems.map(problem => word(problem)));
    if (placed.length) form.control(placed[0].field).focus();
  };
  const submit = async () => {
    form.clear();
    tell([]);
    put(warned, []);
    try {
      form.check();
      for (const one of [await request()].flat()) {
        const job = await post("/jobs", one);
        take(job);
        put(warned, warningsOf(job));
        if (job.problem?.field) form.blame(job.problem.field, word(job.problem)); // an extension lacks something
        onAccepted(job);
      }
    } catch (error) {
      refuse(error);
    }
  };
  const ask = what => async () => {
    const job = runningJob() ?? activeJobs()[0];
    const meant = job && what === "cancel" ? wholeOf(job) : job;
    if (meant) await post(`/jobs/${meant.id}/${what}`).then(take, refuse);
  };

  const generate = button("primary.generate", "ui.generate", "Ctrl+Enter", submit);
  const skip = button("quiet", "ui.skip", "Alt+Enter", ask("skip"));
  const interrupt = button("quiet", "ui.interrupt", "Esc", ask("cancel"));
  const buttons = h("div.buttons", {}, generate);
  onKeys(generate, { submit, skip: ask("skip"), interrupt: ask("cancel") });
  follow(() => {
    const waits = activeJobs().length > 0;
    const here = buttons.contains(document.activeElement);
    arrange(buttons, [generate, runningJob() && skip, waits && interrupt].filter(Boolean));
    if (here && !buttons.contains(document.activeElement)) generate.focus(); // its button is gone
    say(generate, t(waits ? "ui.generate.more" : "ui.generate"));
  });
  return h("div.bar", {}, alert, warned, buttons);
}

/** What is worth knowing of a job that was accepted, each once. */
export const warningsOf = job => [...new Set((job.warnings ?? []).map(one => word(one)))];

/** A1111's keys, wherever the focus is, as long as the button is to be seen. */
function onKeys(generate, { submit, skip, interrupt }) {
  const meant = event => {
    if (event.key === "Escape" && activeJobs().length) return interrupt;
    if (event.key !== "Enter") return null;
    return event.ctrlKey || event.metaKey ? submit : event.altKey ? skip : null;
  };
  const listener = event => {
    const act = meant(event);
    const covered = generate.offsetParent === null || document.querySelector("dialog[open]");
    if (!act || covered || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  addEventListener("keydown", listener, true);
}
