// Generate, Skip, Interrupt: buttons, keys, and what the server said no to.
import { Refused, post } from "./api.js";
import { arrange, h, say } from "./dom.js";
import { activeJobs, follow, runningJob, take } from "./live.js";
import { t, word } from "./text.js";

/** `request()`: what to ask for. `onAccepted(job)` is called when the server took it. */
export function actionBar(form, request, onAccepted) {
  const alert = h("div.alert", { role: "alert" });
  const generate = h("button.primary.generate", { type: "button", title: "Ctrl+Enter", onclick: () => submit() }, t("ui.generate"));
  const skip = h("button.quiet", { type: "button", title: "Alt+Enter", onclick: () => ask("skip") }, t("ui.skip"));
  const interrupt = h("button.quiet", { type: "button", title: "Esc", onclick: () => ask("cancel") }, t("ui.interrupt"));
  const buttons = h("div.buttons", {}, generate);
  const tell = sentences => alert.replaceChildren(...sentences);

  const submit = async () => {
    form.clear();
    tell([]);
    try {
      const job = await post("/jobs", request());
      take(job);
      onAccepted(job);
    } catch (error) {
      refuse(error);
    }
  };
  const refuse = error => {
    if (!(error instanceof Refused)) throw error;
    const at = error.problems.filter(problem => form.blame(problem.field, word(problem)));
    tell(error.problems.map(problem => h("p", {}, word(problem))));
    if (at.length) form.control(at[0].field).focus();
  };
  const ask = async what => {
    const job = runningJob() ?? activeJobs()[0];
    if (job) await post(`/jobs/${job.id}/${what}`).then(take, refuse);
  };

  addEventListener("keydown", event => {
    const visible = generate.offsetParent !== null && !document.querySelector("dialog[open]");
    const key = event.key === "Enter" ? (event.ctrlKey || event.metaKey ? submit : event.altKey ? () => ask("skip") : null)
      : event.key === "Escape" && activeJobs().length ? () => ask("cancel") : null;
    if (!visible || !key || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    key();
  }, true);

  follow(() => {
    const running = runningJob();
    const waits = activeJobs().length > 0;
    const here = buttons.contains(document.activeElement);
    arrange(buttons, [generate, running && skip, waits && interrupt].filter(Boolean));
    if (here && !buttons.contains(document.activeElement)) generate.focus(); // its button is gone
    say(generate, t(waits ? "ui.generate.more" : "ui.generate"));
  });
  return h("div.bar", {}, alert, buttons);
}
