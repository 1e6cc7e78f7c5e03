// Where a picture can be sent. A tab adds itself; every menu then offers it.
import { h } from "./dom.js";
import { t } from "./text.js";

const targets = new Map();

/** `take(item)`: item = { blob(): Promise<Blob>, from: id of the target it came from }. */
export const addTarget = (id, label, take) => targets.set(id, { id, label, take });

const tabOf = id => document.getElementById(`tab-${id}-button`);
const inOrderOfTabs = (a, b) =>
  tabOf(a.id).compareDocumentPosition(tabOf(b.id)) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;

/** A button for each place but the one we are at. */
export function sendButtons(here, item) {
  return [...targets.values()]
    .sort(inOrderOfTabs)
    .filter(target => target.id !== here)
    .map(target =>
      h("button.quiet", { type: "button", onclick: () => target.take(item()) }, t(target.label)),
    );
}

/** Show a tab by its id. */
export const showTab = id => tabOf(id)?.click();
