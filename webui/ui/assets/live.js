// What the server knows, as it is now: jobs, progress, worker, and whether we still hear from it.
import { get } from "./api.js";
import { run } from "./feed.js";
import { unknownJobs } from "./unknown_jobs.js";
import { told, withPicture } from "./known_pictures.js";

export const live = {
  jobs: new Map(),
  progress: new Map(),
  worker: { state: "starting", device: "", model: null, problem: null },
  link: "connecting",
  known: false,
  older: false, // whether the server may have jobs that are not here
};
const FINAL = new Set(["finished", "cancelled", "failed", "parked"]);
const NEWS = new Set(["progress", "worker"]); // of the moment: they have no number, and carry the last one's
export const SHOWN = 4; // waiting jobs that are kept up to date
const PAGE = 50;
const AGAIN = 1000; // milliseconds before a snapshot that did not come is asked for again
const views = new Set();
let last = 0;
let held = null; // events that came while a snapshot was on its way
let refreshing = null; // the snapshot on its way; one at a time, as they hold the same events

/** Call `view` now and after every change, until what this returns is called. */
export function follow(view) {
  views.add(view);
  view();
  return () => views.delete(view);
}

/** A job when it is over. */
export const over = id =>
  new Promise(resolve => {
    const look = () => {
      const job = live.jobs.get(id);
      if (!job || isActive(job)) return;
      views.delete(look);
      resolve(job);
    };
    follow(look);
  });

const changed = () => views.forEach(view => view());

export const isActive = job => !FINAL.has(job.state);
export const jobsNewestFirst = () => [...live.jobs.values()].sort((a, b) => b.created - a.created);
export const activeJobs = () => jobsNewestFirst().filter(isActive).reverse();
/** The job of mine that runs, or is the very next to. */
export const currentJob = () => runningJob() ?? activeJobs().find(job => !job.ahead);
const BESIDE = ["download", "film", "hash", "plot"];
/** Some run beside what is drawn (webui/jobs/lanes.py), and are not in its way here either. */
export const runningJob = () => {
  const running = activeJobs().filter(job => job.state === "running");
  return running.find(job => !BESIDE.includes(job.request.kind)) ?? running[0];
};

/** Fetch the jobs before the oldest that is known. */
export async function loadOlder() {
  const oldest = jobsNewestFirst().at(-1);
  const { jobs } = await get(`/jobs?limit=${PAGE}&before=${oldest.id}`);
  keep(jobs);
  live.older = jobs.length === PAGE;
  changed();
}

/** Change what is known of a job here. */
export function change(id, edit) {
  const job = live.jobs.get(id);
  if (!job) return;
  live.jobs.set(id, edit(job));
  changed();
}

/** Mine that wait for others, the next first. */
export const waitingJobs = () => activeJobs().filter(job => job !== currentJob());

/** A job as the server answered it. Answers and events overtake each other: nothing goes back or is lost. */
export function take(job) {
  keep([job]);
  changed();
}

function keep(jobs) {
  for (const job of jobs) {
    const old = live.jobs.get(job.id);
    const now = old ? later(old, job) : told(job);
    live.jobs.set(job.id, now);
    if (!isActive(now)) live.progress.delete(job.id);
  }
}

const WAY = ["queued", "running", "interrupted"];

/** Of two answers about a job, the one that knows more, with the pictures of both. */
function later(old, job) {
  const order = [!isActive(job) - !isActive(old), job.attempts - old.attempts, WAY.indexOf(job.state) - WAY.indexOf(old.state)];
  const newest = (order.find(Boolean) ?? 0) < 0 ? old : job;
  return told({ ...newest, pictures: job.pictures, picture_count: job.picture_count }, old.slots);
}

const AFTER = {
  queued: () => ({}),
  started: event => ({ state: "running", started: Date.now() / 1000, attempts: event.attempt, ahead: null }),
  interrupted: event => ({ state: "interrupted", problem: event.problem }),
  finished: event => ({ state: "finished", problem: null, text: event.text }),
  cancelled: () => ({ state: "cancelled" }),
  failed: event => ({ state: "failed", problem: event.problem }),
  parked: event => ({ state: "parked", problem: event.problem }),
  image_done: (event, job) => withPicture(job, event.picture),
};

function apply(event) {
  if (event.kind === "worker") live.worker = event;
  else if (event.kind === "progress") {
    const { preview } = live.progress.get(event.job) ?? {};
    live.progress.set(event.job, { ...event, preview: event.preview ?? preview });
  } else {
    const job = live.jobs.get(event.job);
    if (!job) return unknown.ask(event.job); // of another tab, of the shell, or a cell of a plot
    if (FINAL.has(event.kind) && unknown.lacks(job.id)) return unknown.ask(job.id); // an end without all it has is none
    const next = { ...job, ...AFTER[event.kind](event, job) };
    live.jobs.set(job.id, next);
    if (!isActive(next)) live.progress.delete(job.id);
  }
  changed();
}

function hearEvent({ event, id }) {
  if (held) held.push({ event, id });
  else if (NEWS.has(event.kind)) apply(event);
  else if (id > last) {
    last = id;
    apply(event);
  }
}

const unknown = unknownJobs(take, () => refresh());
const refresh = () => (refreshing ??= snapshot().finally(() => (refreshing = null)));

async function snapshot() {
  held = [];
  const state = await get("/state").catch(() => null);
  const waiting = held;
  held = null;
  if (!state) {
    waiting.forEach(hearEvent); // what is known of them is not to be lost
    setTimeout(refresh, AGAIN);
    return;
  }
  last = state.last;
  live.older ||= !live.known && state.jobs.length >= PAGE;
  keep(state.jobs);
  live.progress = new Map(Object.entries(state.progress));
  live.worker = state.worker;
  live.known = true;
  changed();
  waiting.forEach(hearEvent);
}

/** What the feed tells: an event, or how the line to the server is. */
export async function hear(message) {
  if (message.event) return hearEvent(message);
  if (message.link === "online") {
    if (message.build !== window.easel.build) return location.reload();
    await refresh();
  }
  live.link = message.link;
  changed();
}

/** A job waits: how many are before it changes without an event of its own. */
async function recount() {
  const waiting = waitingJobs().slice(0, SHOWN);
  if (live.link === "online" && !document.hidden)
    for (const job of waiting) take(await get(`/jobs/${job.id}`).catch(() => job));
}

function connect() {
  if (typeof SharedWorker === "undefined") return connectAlone();
  const worker = new SharedWorker(new URL("./feed_worker.js", import.meta.url), { type: "module" });
  worker.port.onmessage = ({ data }) => hear(data);
  addEventListener("pagehide", () => worker.port.postMessage("bye"));
  addEventListener("pageshow", event => event.persisted && location.reload());
}

/** Without SharedWorker a hidden page gives its connection back. */
function connectAlone() {
  let open = null;
  const turn = () => {
    open?.abort();
    open = document.hidden ? null : new AbortController();
    if (open) run(hear, open.signal);
  };
  document.addEventListener("visibilitychange", turn);
  turn();
}

connect();
setInterval(recount, 2000);
