// Mouse, pen and fingers over the view: who paints, who moves the picture, who zooms.
const MIDDLE = 1;
const RIGHT = 2;
const PEN_ERASER = 32; // in `buttons`
const STEADY = 24; // CSS pixels a stroke has gone before a second finger no longer takes it back
const WHEEL = 1.0015;

/** `hand`: { moves(event), rests(), start(event, erase), move(events), end(), cancel(), hover(event | null), size(factor), zooms(event) } */
export function pointers(view, hand) {
  const fingers = new Map();
  let act = null; // "stroke" | "pan" | "pinch"
  let owner = null; // the pointer that paints
  let way = 0;

  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, apart: Math.hypot(a[0] - b[0], a[1] - b[1]) || 1 };
  };
  const stop = taken => {
    if (act === "stroke") hand[taken ? "cancel" : "end"]();
    view.element.classList.remove("moving");
    act = owner = null;
  };

  const down = event => {
    if (!view.lens.picture || event.target.closest("button, label")) return;
    if (owner?.pointerType === "pen" && event.pointerType === "touch") return; // the palm of the hand
    view.element.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, view.at(event));
    if (fingers.size > 1) {
      if (event.pointerType !== "touch") return;
      stop(way < STEADY);
      act = "pinch";
      return;
    }
    way = 0;
    owner = event;
    act = event.button === MIDDLE || hand.moves(event) ? "pan" : "stroke";
    if (act === "pan" && hand.rests()) act = null; // a finger scrolls the page
    view.element.classList.toggle("moving", act === "pan");
    const erase = event.button === RIGHT || Boolean(event.buttons & PEN_ERASER);
    if (act === "stroke") hand.start(event, erase);
    if (event.button === MIDDLE) event.preventDefault(); // no scrolling by itself
  };

  const move = event => {
    hand.hover(event.pointerType === "touch" ? null : event);
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const before = act === "pinch" && fingers.size === 2 ? spread() : null;
    const now = view.at(event);
    fingers.set(event.pointerId, now);
    way += Math.hypot(now[0] - last[0], now[1] - last[1]);
    if (before) {
      const after = spread();
      view.lens.pan(after.x - before.x, after.y - before.y);
      view.lens.zoomBy(after.apart / before.apart, after.x, after.y);
    } else if (act === "pan") view.lens.pan(now[0] - last[0], now[1] - last[1]);
    else if (act === "stroke" && event.pointerId === owner.pointerId) {
      const all = event.getCoalescedEvents?.() ?? [];
      hand.move(all.length ? all : [event]);
    }
  };

  const up = event => {
    if (!fingers.delete(event.pointerId)) return;
    if (act === "pinch" && fingers.size) return; // until the last finger has left
    stop(event.type === "pointercancel");
  };

  let control = false; // the key itself: a pinch on a touch pad comes as a wheel with ctrlKey, too
  for (const type of ["keydown", "keyup"])
    addEventListener(type, event => (control = event.key === "Control" ? type === "keydown" : event.ctrlKey && control), true);

  const wheel = event => {
    if (!view.lens.picture || !(event.ctrlKey || hand.zooms(event))) return;
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1;
    const turn = Math.max(-600, Math.min(600, event.deltaY * lines));
    if (event.ctrlKey && control) return hand.size(WHEEL ** -turn);
    view.lens.zoomBy((event.ctrlKey ? 1.01 : WHEEL) ** -turn, ...view.at(event));
    hand.hover(event);
  };

  const { element } = view;
  element.addEventListener("pointerdown", down);
  element.addEventListener("pointermove", move);
  element.addEventListener("pointerleave", () => hand.hover(null));
  for (const type of ["pointerup", "pointercancel"]) element.addEventListener(type, up);
  element.addEventListener("wheel", wheel, { passive: false });
  element.addEventListener("contextmenu", event => view.lens.picture && event.preventDefault());
}
