// One quiet line at the foot of the page: what just happened, and the way back.
import { h, iconButton } from "./dom.js";
import { t } from "./text.js";

const SECONDS = 10;
let place = null;
let timer = 0;

/** notice("Settings of the model taken.", { undo: () => … }) */
export function notice(sentence, { undo } = {}) {
  place ??= document.body.appendChild(h("div.notice", { role: "status" }));
  const close = () => place.replaceChildren();
  const back = undo && h("button.link", { type: "button", onclick: () => (undo(), close()) }, t("ui.undo"));
  place.replaceChildren(h("p", {}, sentence), back ?? "", iconButton("close", t("ui.close"), close));
  clearTimeout(timer);
  timer = setTimeout(() => (place.matches(":hover, :focus-within") ? null : close()), SECONDS * 1000);
}
