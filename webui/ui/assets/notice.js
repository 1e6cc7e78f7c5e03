// One quiet line at the foot of the page: what just happened, and the way back.
import { h, iconButton } from "./dom.js";
import { t } from "./text.js";

const SECONDS = 10;
let place = null;
let timer = 0;

/** notice("Settings of the model taken.", { undo: () => … }); `also`: { label, run }, one more thing to do. */
export function notice(sentence, { undo, also } = {}) {
  place ??= h("div.notice", { role: "status" });
  const home = document.fullscreenElement ?? document.querySelector(".sheet-over, dialog[open]") ?? document.body; // only what is in it is seen
  if (place.parentNode !== home) home.append(place);
  const before = document.activeElement;
  const close = () => place.replaceChildren();
  const leave = () => {
    close();
    before?.focus({ preventScroll: true });
  };
  const back = undo && h("button.link", { type: "button", onclick: () => (undo(), leave()) }, t("ui.undo"));
  const more = also && h("button.link", { type: "button", onclick: () => (leave(), also.run()) }, also.label);
  place.replaceChildren(h("p", {}, sentence), more ?? "", back ?? "", iconButton("close", t("ui.close"), leave));
  const later = () =>
    setTimeout(() => {
      if (place.matches(":hover, :focus-within")) timer = later();
      else close();
    }, SECONDS * 1000);
  clearTimeout(timer);
  timer = later();
}
