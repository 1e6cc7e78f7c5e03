// Where the running job stands, in words and as a bar; and who waits before it.
import { post } from "./api.js";
import { arrange, h, iconButton, say } from "./dom.js";
import { SHOWN, currentJob, follow, live, take, waitingJobs } from "./live.js";
import { cellsOf, withoutCells } from "./plot_jobs.js";
import { wordsOf } from "./strip.js";
import { bytes, duration, percent, t, tn } from "./text.js";

/** Share of the whole job that is done, 0..1, or null while nobody knows. */
export function shareOf(job, news) {
  if (!news) return null;
  if (["loading", "downloading", "hashing"].includes(news.phase)) return news.steps ? news.step / news.steps : null;
  const size = job.request.batch_size ?? 1;
  const batches = Math.ceil(news.images / size);
  return (Math.floor(news.image / size) + (news.steps ? news.step / news.steps : 0)) / batches;
}

/** Seconds, or null. Of an animation the worker knows those of one frame: the rest as it went so far. */
export function leftOf(job, news) {
  if (job.request.kind !== "animation") return news?.eta ?? null;
  const done = job.picture_count - (job.request.after?.frame ?? 0); // copied ones cost nothing
  if (job.state !== "running" || !job.started || done < 1) return null;
  return ((Date.now() / 1000 - job.started) / done) * (job.request.frames - job.picture_count);
}

/** { main: "Picture 2 of 4", more: "step 7 of 20 · 3 s left" } */
export function describe(job, news) {
  if (!news)
    return {
      main: t(live.worker.state === "starting" ? "ui.progress.starting" : "ui.progress.begins"),
      more: "",
    };
  if (news.phase === "loading")
    return {
      main: t("ui.progress.loading"),
      more: news.steps ? t("ui.progress.bytes", { done: bytes(news.step), all: bytes(news.steps) }) : "",
    };
  const seconds = leftOf(job, news);
  const left = seconds ? t("ui.progress.left", { time: duration(seconds) }) : "";
  if (["downloading", "hashing"].includes(news.phase))
    return {
      main: t(`ui.progress.${news.phase}`),
      more: [news.steps && percent(shareOf(job, news)), left].filter(Boolean).join(" · "),
    };
  const size = job.request.batch_size ?? 1;
  const from = news.image + 1,
    to = Math.min(news.image + size, news.images);
  const main =
    size > 1 && to > from
      ? t("ui.progress.pictures", { from, to, all: news.images })
      : t(job.request.kind === "animation" ? "ui.progress.frame" : "ui.progress.picture", { from, all: news.images });
  const step =
    news.phase === "sampling" && news.step > 0
      ? t("ui.progress.step", { step: news.step, steps: news.steps })
      : t(`ui.progress.${news.phase}`);
  const saved = (news.measures ?? []).map(one => t(`memory.${one}`)).join(", ");
  return { main, more: [step, left, saved].filter(Boolean).join(" · ") };
}

export function progressPart() {
  const bar = h("progress", { max: 1, "aria-label": t("ui.progress") });
  const main = h("strong"),
    more = h("span");
  const element = h("div.progress", { hidden: true }, bar, h("div.words", {}, main, more));
  follow(() => {
    const job = currentJob();
    element.hidden = !job;
    document.title = "Easel";
    if (!job) return;
    const news = live.progress.get(job.id);
    const share = shareOf(job, news);
    if (share === null) bar.removeAttribute("value");
    else bar.value = share;
    const words = describe(job, news);
    say(main, words.main);
    say(more, words.more);
    if (share !== null) document.title = `${percent(share)} · Easel`;
  });
  return element;
}

/** The same in one line, for the bar that stays in sight on a phone. */
export function thinProgress() {
  const fill = h("i"),
    words = h("span");
  const element = h("p.thin", { "aria-hidden": "true", hidden: true }, fill, words);
  follow(() => {
    const job = currentJob();
    element.hidden = !job;
    if (!job) return;
    const news = live.progress.get(job.id);
    const { main, more } = describe(job, news);
    fill.style.width = `${(shareOf(job, news) ?? 0) * 100}%`;
    say(words, [main, more].filter(Boolean).join(" · "));
  });
  return element;
}

/** My jobs that wait, the first ones with who is before them and a way out. */
export function waitingPart() {
  const rows = new Map();
  const others = h("li.others");
  const list = h("ul.waiting", { "aria-label": t("ui.waiting") });
  const row = job => {
    const words = h("span.prompt", {}, wordsOf(job)),
      place = h("span.place");
    const leave = iconButton("close", t("ui.waiting.leave", { prompt: wordsOf(job).slice(0, 60) }), () =>
      post(`/jobs/${job.id}/cancel`).then(take, () => {}),
    );
    return { item: h("li", {}, words, place, leave), place };
  };
  const show = job => {
    if (!rows.has(job.id)) rows.set(job.id, row(job));
    const { item, place } = rows.get(job.id);
    const { main, more } = describe(job, live.progress.get(job.id));
    say(
      place,
      job.state === "running"
        ? [main, more].filter(Boolean).join(" ")
        : job.state === "interrupted"
        ? t("ui.waiting.again")
        : job.ahead
          ? tn("ui.waiting.ahead", job.ahead)
          : job.request.kind === "plot"
            ? t("ui.plot.progress", cellsOf(job))
            : t("ui.waiting.next"),
    );
    return item;
  };
  follow(() => {
    const waiting = withoutCells(waitingJobs());
    const more = waiting.length - SHOWN;
    if (more > 0) say(others, tn("ui.waiting.others", more));
    arrange(list, [...waiting.slice(0, SHOWN).map(show), ...(more > 0 ? [others] : [])]);
    list.hidden = waiting.length === 0;
  });
  return list;
}

/** For those who do not see the bar: said once when something ends. */
export function announcements() {
  const region = h("p.unseen", { role: "status" });
  const told = new Map();
  follow(() => {
    for (const job of live.jobs.values()) {
      const before = told.get(job.id);
      const now = `${job.state} ${job.picture_count}`;
      told.set(job.id, now);
      if (before === undefined || before === now) continue;
      if (job.state === "running" && job.picture_count)
        say(region, t("ui.said.picture", { n: job.picture_count }));
      else if (["finished", "cancelled", "failed", "parked"].includes(job.state))
        say(region, t(`ui.said.${job.state}`));
    }
  });
  return region;
}
