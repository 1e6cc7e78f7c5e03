// The strip of results: small pictures, loaded when they come into view; one stop for the Tab key,
// arrows move. The newest job stands first, its pictures in their order.
import { thumbnailUrl } from "./api.js";
import { arrange, h, icon } from "./dom.js";
import { currentJob, isActive, jobsNewestFirst, live, loadOlder } from "./live.js";
import { t } from "./text.js";

export const HOME = "home";

/**
 * What there is to look at: { id, job, picture } of a result, { id, job } of a running or failed job,
 * { id: HOME, title, image } of what a tab begins with. Only jobs that belong here, no pictures that are hidden.
 */
export function itemsOf(belongs, hides = () => false, home = null) {
  const found = home ? [{ id: HOME, ...home }] : [];
  const current = currentJob();
  for (const job of jobsNewestFirst().filter(belongs)) {
    if (isActive(job) ? job === current : job.state === "failed" || job.state === "parked")
      found.push({ id: job.id, job });
    for (const picture of job.pictures) if (!hides(picture)) found.push({ id: picture.id, job, picture });
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
  let order = [];

  const tile = item => {
    const button = h("button.tile", {
      type: "button",
      onclick: () => (button.ariaCurrent === "true" && item.picture ? onOpen(item.id) : onChoose(item.id)),
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
    const now = order.indexOf(event.target.dataset?.id);
    const next = { ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: order.length - 1 }[event.key];
    if (now < 0 || next === undefined || !order[next]) return;
    event.preventDefault();
    onChoose(order[next]);
    made.get(order[next]).focus();
  });

  const show = (list, chosen) => {
    const stuck = strip.scrollLeft < 8;
    const here = strip.contains(document.activeElement);
    order = list.map(item => item.id);
    arrange(strip, [...list.map(draw), ...(live.older ? [older] : [])]);
    for (const item of list) {
      const button = made.get(item.id),
        current = item.id === chosen;
      if (current !== (button.ariaCurrent === "true")) button.ariaCurrent = String(current);
      button.tabIndex = current ? 0 : -1;
      button.classList.toggle("fresh", Boolean(item.picture && fresh(item.picture)));
    }
    if (here && !strip.contains(document.activeElement)) made.get(chosen)?.focus();
    if (stuck) strip.scrollLeft = 0;
    strip.hidden = list.every(item => item.id === HOME);
  };
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
