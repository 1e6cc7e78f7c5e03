// The last animations: how far they are, their frames and settings again, a film of them, and the way on.
import { warningsOf } from "./actions.js";
import { post, thumbnailUrl } from "./api.js";
import { arrange, h, say } from "./dom.js";
import { fold } from "./form.js";
import { follow, isActive, jobsNewestFirst, live, loadOlder, take } from "./live.js";
import { notice } from "./notice.js";
import { nameOf } from "./animation_scrub.js";
import { leftOf, shareOf } from "./progress.js";
import { duration, number, t, word } from "./text.js";

const SHOWN = 8;

/**
 * ask(): what the form asks for. open(job): its settings into the form. look(job): its frames. film(job): one of them.
 * onAccepted(job): one goes on.
 */
export function pastPart({ ask, open, look, film, onAccepted }) {
  const list = h("ol.past-list");
  const none = h("p.hint", {}, t("ui.animation.past.none"));
  const older = h("button.link", { type: "button", onclick: () => loadOlder().catch(() => {}) }, t("ui.results.older"));
  const element = fold("animation.past", t("ui.animation.past"), none, list, older);
  element.classList.add("past");
  const rows = new Map();
  let shown = SHOWN;
  const more = h("button.link", { type: "button", onclick: () => ((shown += SHOWN), show()) }, t("ui.animation.past.more"));
  list.after(more);

  const goOn = async (job, request) => {
    const made = await post("/jobs", request).catch(error => ({ problems: error.problems }));
    if (made.problems) return notice(made.problems.map(one => word(one)).join(" "));
    take(made);
    if (made.warnings?.length) notice(warningsOf(made).join(" "));
    onAccepted(made);
  };
  const row = job => {
    const picture = h("img", { alt: "", loading: "lazy" });
    const words = h("span.state", {});
    const bar = h("progress", { max: 1, "aria-label": t("ui.progress") });
    const frame = h("input", { type: "number", min: 1, step: 1, "aria-label": t("ui.animation.past.frame") });
    frame.addEventListener("input", () => (frame.dataset.own = true));
    const press = (key, act) => h("button.quiet", { type: "button", onclick: act }, t(key));
    const now = () => live.jobs.get(job.id);
    const pause = press("ui.animation.past.pause", () => post(`/jobs/${job.id}/cancel`).then(take, () => {}));
    const on = press("ui.animation.past.on", () => goOn(now(), { kind: "animation", after: { job: job.id } }));
    const changed = press("ui.animation.past.changed", () => goOn(now(), { ...ask(), after: { job: job.id, frame: Number(frame.value) || null } }));
    const see = press("ui.animation.past.look", () => look(now()));
    const settings = press("ui.animation.past.open", () => open(now()));
    const make = press("ui.animation.film", () => film(now()));
    const from = h("span.from.field", {}, changed, frame);
    const title = h("strong", {}, nameOf(job).slice(0, 80));
    const item = h("li", {}, picture, h("div.about", {}, title, words, bar), h("div.buttons", {}, pause, on, see, settings, make, from));
    return { item, picture, words, bar, frame, pause, on, see, make, from };
  };
  const draw = job => {
    if (!rows.has(job.id)) rows.set(job.id, row(job));
    const parts = rows.get(job.id);
    const done = job.picture_count;
    const active = isActive(job);
    const first = job.pictures[0];
    if (first && !parts.picture.src.includes(first.id)) parts.picture.src = thumbnailUrl(first.id);
    parts.picture.hidden = !first;
    const left = leftOf(job, live.progress.get(job.id));
    say(parts.words, [t("ui.animation.past.frames", { done: number(done), all: number(job.request.frames) }), stateOf(job), left && t("ui.progress.left", { time: duration(left) }), job.text].filter(Boolean).join(" · "));
    parts.bar.hidden = !active;
    const share = shareOf(job, live.progress.get(job.id));
    parts.bar.value = Math.max(share ?? 0, done / Math.max(1, job.request.frames));
    parts.pause.hidden = !active;
    parts.on.hidden = active || done >= job.request.frames || done === 0;
    parts.see.hidden = done === 0;
    parts.make.hidden = active || done < 2;
    parts.from.hidden = active || done === 0;
    if (!parts.frame.dataset.own) parts.frame.value = Math.max(1, done < job.request.frames ? done : Math.ceil(done / 2));
    parts.frame.max = done;
    return parts.item;
  };
  const show = () => {
    if (!element.open) return;
    const jobs = jobsNewestFirst().filter(one => one.request.kind === "animation" && !one.request.motion_only);
    none.hidden = jobs.length > 0;
    older.hidden = !live.older || jobs.length > shown;
    more.hidden = jobs.length <= shown;
    arrange(list, jobs.slice(0, shown).map(draw));
  };
  element.addEventListener("toggle", show);
  follow(show);
  return element;
}

const stateOf = job => (job.state === "failed" && job.problem ? word(job.problem) : t(`ui.animation.state.${job.state}`));
