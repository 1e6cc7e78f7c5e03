// Full screen: arrows go on, wheel or pinch or a double click zooms, dragging moves, Escape ends.
import { pictureUrl } from "./api.js";
import { h, iconButton, say } from "./dom.js";
import { parse } from "./parameters.js";
import { itemOf, sendButtons } from "./send.js";
import { t } from "./text.js";

const CLOSEST = 16;

export function viewer() {
  const image = h("img", { alt: "", draggable: "false" });
  const place = h("p.place", { "aria-live": "polite" });
  const frame = h("div.frame", {}, image);
  const foot = h("div.foot-of");
  const dialog = h(
    "dialog.viewer",
    { "aria-label": t("ui.viewer") },
    frame,
    place,
    foot,
    iconButton("left", t("ui.viewer.before"), () => go(-1)),
    iconButton("right", t("ui.viewer.after"), () => go(1)),
    iconButton("close", t("ui.close"), () => dialog.close()),
  );
  const [before, after, end] = dialog.querySelectorAll(":scope > button");
  before.classList.add("before");
  after.classList.add("after");
  end.classList.add("end");
  let pictures = [],
    now = 0,
    tell = () => {};
  const lens = zoomable(frame, image);

  const show = () => {
    const picture = pictures[now];
    image.src = pictureUrl(picture.id);
    image.alt = parse(picture.infotext).prompt.slice(0, 200);
    image.style.setProperty("--width", `${picture.width * 4}px`);
    say(place, t("ui.viewer.place", { n: now + 1, all: pictures.length }));
    before.ariaDisabled = String(now === 0); // not disabled: the keys would lose their place
    after.ariaDisabled = String(now === pictures.length - 1);
    const item = () => {
      dialog.close();
      return itemOf(picture);
    };
    foot.replaceChildren(sendButtons(null, item));
    lens.reset();
  };
  const go = by => {
    if (!pictures[now + by]) return;
    now += by;
    show();
    tell(pictures[now].id);
  };
  dialog.addEventListener("keydown", event => {
    const act = {
      ArrowLeft: () => go(-1),
      ArrowRight: () => go(1),
      "+": () => lens.zoom(1.4),
      "=": () => lens.zoom(1.4),
      "-": () => lens.zoom(1 / 1.4),
      0: lens.reset,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return {
    open: (list, at, onMove) => {
      [pictures, now, tell] = [list, at, onMove];
      document.body.append(dialog);
      dialog.showModal();
      show();
    },
  };
}

/** Scale and shift of an image in its frame. */
function zoomable(frame, image) {
  const fingers = new Map();
  let scale = 1,
    x = 0,
    y = 0;
  const draw = () => {
    if (scale === 1) [x, y] = [0, 0];
    image.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    frame.classList.toggle("near", scale > 1);
  };
  const zoom = (by, [cx, cy] = [0, 0]) => {
    const next = Math.min(CLOSEST, Math.max(1, scale * by));
    [x, y] = [cx - ((cx - x) * next) / scale, cy - ((cy - y) * next) / scale];
    scale = next;
    draw();
  };
  const reset = () => {
    scale = 1;
    draw();
  };
  const fromMiddle = event => {
    const box = frame.getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  };
  const apart = () => {
    const [a, b] = fingers.values();
    return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
  };
  frame.addEventListener(
    "wheel",
    event => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15, fromMiddle(event));
    },
    { passive: false },
  );
  frame.addEventListener("dblclick", event => (scale > 1 ? reset() : zoom(3, fromMiddle(event))));
  frame.addEventListener("pointerdown", event => {
    frame.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
  });
  frame.addEventListener("pointermove", event => {
    const last = fingers.get(event.pointerId);
    if (!last) return;
    const width = fingers.size === 2 ? apart() : 0;
    fingers.set(event.pointerId, event);
    if (width) return zoom(apart() / width, fromMiddle(event));
    if (scale === 1) return;
    x += event.clientX - last.clientX;
    y += event.clientY - last.clientY;
    draw();
  });
  for (const end of ["pointerup", "pointercancel"])
    frame.addEventListener(end, event => fingers.delete(event.pointerId));
  return { zoom, reset };
}
