// Where a picture can be sent. All menus offer these places; a tab that is not drawn yet gets it when it is.
import { Refused, pictureUrl } from "./api.js";
import { h } from "./dom.js";
import { notice } from "./notice.js";
import { actionButtons } from "./picture_actions.js";
import { t, word } from "./text.js";

const targets = new Map();

/**
 * A place for pictures: `take(item)`, item = { blob(): Promise<Blob>, ref }.
 * ref: how a request may name it, where the server has it already. tab: where the place is, if not in its own.
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
  if (waiting) deliver(target, waiting);
}

async function deliver(target, item) {
  try {
    await target.take(item);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(word(error.problems[0]));
  }
}

function send(target, item) {
  showTab(target.tab);
  if (target.take) deliver(target, item);
  else target.waiting = item;
}

/** A result as something to send. */
export const itemOf = picture => ({
  ref: `picture:${picture.id}`,
  blob: () => fetched(pictureUrl(picture.id)),
});

/** A picture of the server's, or the problem that there is none any more. */
export async function fetched(url) {
  const answer = await fetch(url).catch(() => null);
  if (answer?.ok) return answer.blob();
  const message = t(answer ? "ui.results.gone" : "ui.server.unreachable");
  throw new Refused(answer?.status ?? 0, [{ code: "", message }]);
}

/** A file as something to send. */
export const itemOfFile = blob => ({ ref: null, blob: async () => blob });

const tabOf = id => document.getElementById(`tab-${id}-button`);

/** A button for each place but the one we are at. */
export function sendButtons(here, item) {
  const buttons = [...targets.values()]
    .filter(target => target.id !== here)
    .map(target =>
      h("button.chip", { type: "button", onclick: () => send(target, item()) }, t(target.label)),
    );
  const words = h("span", {}, t("ui.send"));
  return h("div.sends", { role: "group", "aria-label": t("ui.send") }, words, buttons, actionButtons(item));
}

/** Show a tab by its id. */
export const showTab = id => tabOf(id)?.click();
