// The strip of results: small pictures, loaded when they come into view; one stop for the Tab key,
// arrows move. The newest job stands first, its pictures in their order.
import { thumbnailUrl } from "./api.js";
import { arrange, h, icon } from "./dom.js";
import { currentJob, isActive, jobsNewestFirst, live, loadOlder } from "./live.js";
import { loadPictures } from "./load_pictures.js";
import { windowOf } from "./strip_window.js";
import { t } from "./text.js";

export const HOME = "home";

/**
 * What there is to look at: { id, job, picture } of a result, { id, job } of a running or failed job,
 * { id, job, place, unknown } of a result that is not known here yet, { id: HOME, title, image } of what a tab begins with. Only jobs that belong here, no pictures that are hidden.
 */
export function itemsOf(belongs, hides = () => false, home = null) {
  const found = home ? [{ id: HOME, ...home }] : [];
  const current = currentJob();
  for (const job of jobsNewestFirst().filter(belongs)) {
    if (isActive(job) ? job === current : job.state === "failed" || job.state === "parked")
      found.push({ id: job.id, job });
    for (let place = 0; place < job.slots.length; place++) {
      const picture = job.slots[place];
      if (!picture) found.push({ id: `${job.id}#${place}`, job, place, unknown: true });
      else if (!hides(picture)) found.push({ id: picture.id, job, picture });
    }
  }
  return found;
}

/** What a job is about, in few words: its prompt, where it comes from, or what kind it is. */
export const wordsOf = ({ request }) => (request.prompt ?? request.base?.prompt)?.trim() || request.source || t(`ui.kind.${request.kind}`);

/** `onChoose(id)` when one is chosen, `onOpen(id)` when it is to be seen in full. fresh(picture): it is marked. */
export function stripPart(onChoose, onOpen, fresh = () => false) {
  const made = new Map();
  const strip = h("div.strip", { role: "group", "aria-label": t("ui.results") });
  const older = h(
    "button.tile.older",
    { type: "button", onclick: () => loadOlder().catch(() => {}) },
    t("ui.results.older"),
  );
  let list = [];
  let chosen = null;
  const view = windowOf(strip);

  const tile = item => {
    const button = h("button.tile", {
      type: "button",
      onclick: () => (button.ariaCurrent === "true" && item.picture ? onOpen(item.id) : go(item)),
    });
    button.dataset.id = item.id;
    if (item.picture) {
      button.append(
        h("img", {
          src: thumbnailUrl(item.id),
          alt: "",
          loading: "lazy",
          decoding: "async",
          draggable: "false",
        }),
      );
      button.ariaLabel = t("ui.results.picture", {
        n: item.picture.index + 1,
        prompt: wordsOf(item.job).slice(0, 100),
      });
    } else if (item.unknown) {
      button.ariaLabel = t("ui.results.picture", { n: item.place + 1, prompt: wordsOf(item.job).slice(0, 100) });
    } else if (item.id === HOME) {
      button.classList.add("home");
      button.append(...(item.image ? [item.image] : []), icon("picture"), h("span", {}, item.title));
    } else button.append(icon("warning"));
    return button;
  };

  const draw = item => {
    if (!made.has(item.id)) made.set(item.id, tile(item));
    const button = made.get(item.id);
    if (item.job && !item.picture) drawJob(button, item.job);
    return button;
  };

  strip.addEventListener("keydown", event => {
    const now = list.findIndex(item => item.id === event.target.dataset?.id);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: list.length - 1 }[event.key];
    if (now < 0 || next === undefined || !list[next]) return;
    event.preventDefault();
    go(list[next], true);
  });
  /** Choose it; one that is not known here is fetched before. */
  const go = async (item, focus = false) => {
    if (item.unknown) await loadPictures(item.job.id, item.place).catch(() => {});
    const id = item.unknown ? live.jobs.get(item.job.id)?.slots[item.place]?.id : item.id;
    const place = list.findIndex(one => one.id === id);
    if (place < 0) return;
    if (focus) view.reach(place, list.length);
    onChoose(id);
    if (focus) made.get(id)?.focus();
  };

  const show = (items, current) => {
    const stuck = strip.scrollLeft < 8;
    [list, chosen] = [items, current];
    render();
    if (stuck) strip.scrollLeft = 0;
    strip.hidden = list.every(item => item.id === HOME);
  };
  const render = () => {
    const here = strip.contains(document.activeElement);
    const [from, to] = view.range(list.length);
    const shown = list.slice(from, to);
    const [before, after] = view.spaces(from, to, list.length);
    arrange(strip, [before, ...shown.map(draw), after, live.older && older].filter(Boolean));
    const stop = shown.find(item => item.id === chosen) ?? shown[0]; // of the Tab key
    for (const item of shown) {
      const button = made.get(item.id),
        current = item.id === chosen;
      if (current !== (button.ariaCurrent === "true")) button.ariaCurrent = String(current);
      button.tabIndex = item === stop ? 0 : -1;
      button.classList.toggle("fresh", Boolean(item.picture && fresh(item.picture)));
    }
    if (here && !strip.contains(document.activeElement)) made.get(stop?.id)?.focus({ preventScroll: true });
    if (made.size > 4 * shown.length) for (const [id, button] of made) if (!button.isConnected) made.delete(id);
    const missing = new Set(shown.filter(item => item.unknown).map(item => `${item.job.id}#${Math.floor(item.place / 50)}`));
    for (const one of missing) loadPictures(one.split("#")[0], Number(one.split("#")[1]) * 50).catch(() => {});
  };
  view.onScroll(() => render());
  return { element: strip, show };
}

function drawJob(button, job) {
  const running = isActive(job);
  button.classList.toggle("running", running);
  button.classList.toggle("failed", !running);
  button.ariaLabel = t(running ? "ui.results.running" : "ui.results.failed", {
    prompt: wordsOf(job).slice(0, 100),
  });
  if (!running && !button.querySelector(".icon")) button.replaceChildren(icon("warning"));
  const preview = running && live.progress.get(job.id)?.preview;
  if (!preview) return;
  const image = button.querySelector("img") ?? h("img", { alt: "" });
  if (image.src !== preview) image.src = preview;
  if (!image.isConnected) button.replaceChildren(image);
}
