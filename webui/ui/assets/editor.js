// The picture editor: a picture, what is painted on it (a mask or colours), and the tools for that.
import { h, icon } from "./dom.js";
import { Content } from "./editor_content.js";
import { screenful } from "./editor_full.js";
import { diameter, makeHand } from "./editor_hand.js";
import { chooser, isVisible, takeFiles } from "./editor_intake.js";
import { keys } from "./editor_keys.js";
import { pointers } from "./editor_pointer.js";
import { paintBar, viewBar } from "./editor_tools.js";
import { View } from "./editor_view.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

const BRUSH = { tool: "brush", share: 0.05, softness: 0, colour: "#e0475b", opacity: 1 };
const NOTCH = 1.25;

/**
 * mode: "mask" (paint what is to change), "sketch" (paint in colour), "view" (a picture to look at).
 * key: the name under which picture and paint survive a reload of the page; null keeps nothing.
 * `ready` is fulfilled when what was kept is back.
 */
export function editor({ mode = "mask", key = null, onChange = () => {} } = {}) {
  const options = { ...BRUSH, ...recall("editor.brush") };
  const state = { space: false, over: false, last: null, picks: mode === "sketch" };
  const view = new View({ tabindex: 0, role: "group", "aria-label": t("ui.editor") });
  const content = new Content(view, { mode, key, tell: () => (follow(), onChange()) });
  const acts = makeActs({ mode, options, view, content, follow: () => follow() });
  const paints = mode === "view" ? null : paintBar({ sketch: mode === "sketch", options, acts, size: acts.sizing });
  const sights = viewBar(acts);
  const inputs = [acts.pictureInput, acts.maskInput];
  const invite = h(
    "button.invite",
    { type: "button", onclick: acts.choosePicture },
    icon("upload"),
    h("strong", {}, t("ui.editor.drop")),
    h("span", {}, t("ui.editor.paste")),
  );
  view.element.append(invite);
  const element = h("div.editor", { "data-mode": mode }, paints?.element, view.element, sights.element, ...inputs);
  const full = screenful(element, () => follow());
  acts.full = () => full.toggle();
  acts.leave = () => full.leave();

  const follow = () => {
    const has = Boolean(content.blob);
    element.classList.toggle("full-of", has);
    element.dataset.tool = mode === "view" ? "hand" : options.tool;
    invite.hidden = has;
    for (const bar of [paints, sights]) if (bar) bar.element.hidden = !has;
    paints?.follow(content.drawing, view.shown);
    sights.follow(view.lens);
    if (state.last) hand.hover(state.last);
  };
  view.listeners.push(() => {
    element.classList.toggle("zoomed", !view.lens.fitted);
    sights.follow(view.lens);
  });
  const hand = makeHand({
    view,
    options,
    state,
    drawing: () => content.drawing,
    changed: () => content.changed(),
    pick: acts.pick,
    picked: () => options.tool === "pick" && acts.choose("brush"),
    reveal: acts.toggle,
    paints: () => mode !== "view",
  });
  pointers(view, {
    ...hand,
    size: acts.size,
    zooms: () => mode !== "view" || element.contains(document.activeElement) || full.on,
  });
  keys(element, view, acts, state);
  takeFiles(element, {
    listens: target => isVisible(element) && !target.closest?.(".pictures"), // those fields ask for their own
    take: ([file]) => content.load(file),
  });
  follow();

  return {
    element,
    load: async (blob, how) => void (await content.load(blob, how)),
    clear: () => content.clear(),
    hasPicture: () => Boolean(content.blob),
    hasMask: () => Boolean(content.plane && !content.plane.empty),
    size: () => (content.blob ? { ...view.lens.picture } : null),
    picture: () => content.picture(),
    original: () => content.blob,
    mask: () => content.mask(),
    loadMask: blob => content.loadMask(blob),
    invertMask: acts.invert,
    clearMask: acts.wipe,
    bounds: () => content.plane?.bounds() ?? null,
    ready: content.ready,
  };
}

/** What buttons and keys do. */
function makeActs({ mode, options, view, content, follow }) {
  const set = changes => {
    Object.assign(options, changes);
    remember("editor.brush", { ...options, tool: options.tool === "pick" ? "brush" : options.tool });
    follow();
  };
  const longest = () => Math.max(2, view.lens.picture?.width ?? 2, view.lens.picture?.height ?? 2);
  const pixels = () => diameter(options.share, view.lens.picture ?? { width: 2, height: 2 });
  const setSize = size => set({ share: Math.min(1, Math.max(1, size) / longest()) });
  const step = act => {
    if (!content.drawing) return;
    act(content.drawing);
    content.changed();
  };
  return {
    set,
    choose: tool => mode !== "view" && (tool !== "pick" || mode === "sketch") && set({ tool }),
    sizing: {
      read: () => Math.log(pixels()) / Math.log(longest()),
      write: value => setSize(Math.round(longest() ** value)),
      words: () => `${pixels()} px`,
    },
    size: factor => {
      const now = pixels();
      setSize(factor > 1 ? Math.max(now + 1, Math.round(now * factor)) : Math.min(now - 1, Math.round(now * factor)));
    },
    pick: point => set({ colour: colourAt(content, view, point) ?? options.colour }),
    undo: () => step(drawing => drawing.undo()),
    redo: () => step(drawing => drawing.redo()),
    wipe: () => step(drawing => drawing.clear()),
    invert: () => mode === "mask" && step(drawing => drawing.invert()),
    toggle: () => {
      view.shown = !view.shown;
      view.redraw();
      follow();
    },
    zoomIn: () => view.lens.zoomBy(NOTCH),
    zoomOut: () => view.lens.zoomBy(1 / NOTCH),
    fit: () => view.lens.fit(),
    actual: () => view.lens.zoomTo(1 / devicePixelRatio),
    remove: () => content.clear(),
    ...files(content),
  };
}

function files(content) {
  const pictureInput = chooser(([file]) => content.load(file), { "data-takes": "picture" });
  const maskInput = chooser(([file]) => content.loadMask(file), { "data-takes": "mask" });
  return {
    pictureInput,
    maskInput,
    choosePicture: () => pictureInput.click(),
    loadMask: () => maskInput.click(),
    saveMask: async () => {
      const mask = await content.mask();
      if (!mask) return;
      const url = URL.createObjectURL(mask);
      const name = (content.blob.name ?? "picture").replace(/\.\w+$/, "");
      h("a", { href: url, download: `${name}-mask.png` }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
  };
}

/** The colour seen at a point of the picture, "#rrggbb". */
function colourAt(content, view, [x, y]) {
  const { width, height } = view.lens.picture;
  if (x < 0 || y < 0 || x >= width || y >= height) return null;
  [x, y] = [Math.floor(x), Math.floor(y)];
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.drawImage(view.image, x, y, 1, 1, 0, 0, 1, 1);
  const paint = content.plane.at(x, y);
  context.fillStyle = `rgb(${paint & 255} ${(paint >>> 8) & 255} ${(paint >>> 16) & 255} / ${(paint >>> 24) / 255})`;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return `#${[r, g, b].map(value => value.toString(16).padStart(2, "0")).join("")}`;
}
