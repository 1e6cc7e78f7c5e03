// A picture and what it was before: side by side under a slider, or one in place of the other as long as
// a button is held.
import { h } from "./dom.js";
import { t } from "./text.js";

/** Two pictures under a slider: left of it the earlier one. */
export function sliderPart() {
  const after = h("img", { alt: "", draggable: "false" });
  const earlier = h("img.earlier", { alt: "", draggable: "false" });
  const slider = h("input", { type: "range", min: 0, max: 100, step: 0.1, "aria-label": t("ui.compare") });
  const names = [
    h("span.name.was", {}, t("ui.compare.before")),
    h("span.name.is", {}, t("ui.compare.after")),
  ];
  const element = h("div.compare", {}, after, earlier, ...names, h("i", { "aria-hidden": "true" }), slider);
  const move = () => element.style.setProperty("--at", `${slider.value}%`);
  slider.addEventListener("input", move);
  const show = (url, alt, before) => {
    slider.value = 50;
    move();
    after.src = url;
    after.alt = alt;
    earlier.src = before.url;
    earlier.style.objectFit = before.fit ?? "fill";
  };
  return { element, image: after, show };
}

/** The earlier picture over a later one, as long as `hold` says so. */
export function overPart() {
  const element = h("img.over", { alt: "", draggable: "false", hidden: true });
  let before = null;
  const place = ({ left = 0, top = 0, width = 1, height = 1 } = {}) =>
    Object.entries({ left, top, width, height }).forEach(([side, share]) => {
      element.style[side] = `${share * 100}%`;
    });
  return {
    element,
    put: next => {
      before = next;
      element.hidden = true;
      place(before?.box);
      element.style.objectFit = before?.fit ?? "fill";
    },
    hold: on => {
      if (on && before) element.src = before.url;
      element.hidden = !(on && before);
    },
  };
}

/** A button that acts as long as it is held, by mouse, finger or key. */
export function holdButton(label, act) {
  const button = h("button.quiet.hold", { type: "button", "aria-pressed": "false" }, label);
  const turn = on => {
    button.setAttribute("aria-pressed", on);
    act(on);
  };
  const isKey = event => event.key === " " || event.key === "Enter";
  button.addEventListener("pointerdown", event => {
    button.setPointerCapture(event.pointerId);
    turn(true);
  });
  for (const end of ["pointerup", "pointercancel", "blur"]) button.addEventListener(end, () => turn(false));
  button.addEventListener("keydown", event => isKey(event) && !event.repeat && turn(true));
  button.addEventListener("keyup", event => isKey(event) && turn(false));
  button.addEventListener("contextmenu", event => event.preventDefault());
  return button;
}
