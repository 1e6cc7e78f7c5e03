// Where a picture can be sent. All menus offer these places; a tab that is not drawn yet gets it when it is.
import { pictureUrl } from "./api.js";
import { h } from "./dom.js";
import { t } from "./text.js";

const targets = new Map();

/**
 * A place for pictures: `take(item)`, item = { blob(): Promise<Blob>, ref }.
 * ref: how a request may name it, where the server has it already. tab: where the place is, if it is none itself.
 */
export function addTarget(id, { tab = id, label = `ui.tab.${id}`, take = null } = {}) {
  targets.set(id, { id, label, tab, take, waiting: null });
}

for (const id of ["txt2img", "img2img", "inpaint"]) addTarget(id);
addTarget("outpaint", { tab: "inpaint", label: "ui.send.outpaint" });
addTarget("upscale");
addTarget("reference", { tab: "txt2img", label: "ui.send.reference" });

/** The tab of a target is there: what was sent to it so far, and what will be. */
export function receive(id, take) {
  const target = targets.get(id);
  const { waiting } = target;
  Object.assign(target, { take, waiting: null });
  if (waiting) take(waiting);
}

function send(target, item) {
  showTab(target.tab);
  if (target.take) target.take(item);
  else target.waiting = item;
}

/** A result as something to send. */
export const itemOf = picture => ({
  ref: `picture:${picture.id}`,
  blob: async () => (await fetch(pictureUrl(picture.id))).blob(),
});

/** A file as something to send. */
export const itemOfFile = blob => ({ ref: null, blob: async () => blob });

const tabOf = id => document.getElementById(`tab-${id}-button`);

/** A button for each place but the one we are at. */
export function sendButtons(here, item) {
  const buttons = [...targets.values()]
    .filter(target => target.id !== here)
    .map(target => h("button.chip", { type: "button", onclick: () => send(target, item()) }, t(target.label)));
  return h("div.sends", { role: "group", "aria-label": t("ui.send") }, h("span", {}, t("ui.send")), buttons);
}

/** Show a tab by its id. */
export const showTab = id => tabOf(id)?.click();
