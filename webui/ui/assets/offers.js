// What there is to choose from, for all menus of the page: models, samplers, schedules, upscalers.
import { get } from "./api.js";
import { follow, live } from "./live.js";

let offers = null;
let asked = "";
const menus = new Set();

/** Call `fill(offers)` as soon as they are known and after every change. */
export function followOffers(fill) {
  menus.add(fill);
  if (offers) fill(offers);
}

/** Ask for them now: something changed. */
export const refreshOffers = load;

async function load() {
  const now = await get("/offers").catch(() => null); // no server: the line to it will tell
  if (!now || JSON.stringify(now) === JSON.stringify(offers)) return;
  offers = now;
  for (const fill of menus) fill(offers);
}

// Anew when the server or the worker is back, and when one comes back to the page.
follow(() => {
  const now = live.link === "online" ? `${live.link} ${live.worker.state === "starting"}` : live.link;
  if (now === asked) return;
  asked = now;
  load();
});
addEventListener("focus", load);
