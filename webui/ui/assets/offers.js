// What there is to choose from, for all menus of the page: models, samplers, schedules, upscalers.
import { get } from "./api.js";
import { follow, live } from "./live.js";

const AGAIN = 1000; // milliseconds before an answer that did not come is asked for again
let offers = null;
let asked = "";
let count = 0; // questions
let newest = 0; // of those that were answered
let waiting = 0; // the timer of the next one
const menus = new Set();

/** Call `fill(offers)` as soon as they are known and after every change, until what this returns is called. */
export function followOffers(fill) {
  menus.add(fill);
  if (offers) fill(offers);
  return () => menus.delete(fill);
}

/** Ask for them now: something changed. */
export const refreshOffers = load;

async function load() {
  const number = ++count;
  const now = await get("/offers").catch(() => null);
  if (!now) return askAgain();
  if (number < newest) return; // overtaken by the answer to a later question
  newest = number;
  if (JSON.stringify(now) === JSON.stringify(offers)) return;
  offers = now;
  for (const fill of menus) filling(fill);
}

/** A menu that fails (of an extension, say) leaves no other one empty. */
function filling(fill) {
  try {
    fill(offers);
  } catch (error) {
    reportError(error);
  }
}

/** Where the server is away, the line to it tells when it is back; then all is asked for anyway. */
function askAgain() {
  clearTimeout(waiting);
  waiting = setTimeout(() => live.link === "online" && load(), AGAIN);
}

// Anew when the server or the worker is back, and when one comes back to the page.
follow(() => {
  const now = live.link === "online" ? `${live.link} ${live.worker.state === "starting"}` : live.link;
  if (now === asked) return;
  asked = now;
  load();
});
addEventListener("focus", load);
