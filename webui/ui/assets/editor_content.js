// What the editor holds: a picture as it was given, what is painted on it, and both again after a reload.
import { Drawing } from "./editor_canvas.js";
import { agreed, maskOf, painted, pixelsOf, resized } from "./editor_pixels.js";
import { png } from "./editor_png.js";
import { forgetLarge, recallLarge, rememberLarge } from "./editor_store.js";
import { notice } from "./notice.js";
import { t } from "./text.js";

const PAUSE = 300; // ms without a change before what is painted is stored

/** The size at which the browser shows a picture (EXIF rotation applied), with its address. Throws if it cannot. */
async function shownAs(blob) {
  const url = URL.createObjectURL(blob);
  const image = new Image();
  await new Promise((resolve, reject) => {
    image.onload = resolve;
    image.onerror = reject;
    image.src = url;
  }).catch(error => {
    URL.revokeObjectURL(url);
    throw error;
  });
  return { url, width: image.naturalWidth, height: image.naturalHeight };
}

async function withPaint(blob, plane, byBrowser) {
  const pixels = await pixelsOf(blob, byBrowser);
  const channels = blob.type === "image/jpeg" ? 3 : 4;
  const rows = painted(pixels, plane, channels);
  return png(plane.width, plane.height, channels, rows, pixels.colours).finally(pixels.close);
}

export class Content {
  /** `tell()` is called after every change; `view` shows it. */
  constructor(view, { mode, key, tell }) {
    Object.assign(this, { view, mode, tell, blob: null, url: null, drawing: null, asked: 0, timer: 0 });
    this.keys = key ? { picture: `${key}.picture`, paint: `${key}.paint` } : null;
    this.ready = this.#recall();
    const now = () => document.visibilityState === "hidden" && this.#storePaint();
    if (key) document.addEventListener("visibilitychange", now);
    if (key) addEventListener("pagehide", () => this.#storePaint());
  }

  get plane() {
    return this.drawing?.plane ?? null;
  }

  /** Take a picture; one that cannot be shown leaves all as it was. Returns whether it was taken. */
  async load(blob, { keepMask = false } = {}) {
    const asked = ++this.asked;
    this.view.element.ariaBusy = "true";
    blob = await agreed(blob).catch(() => blob);
    const shown = await shownAs(blob).catch(() => null);
    if (asked === this.asked) this.view.element.ariaBusy = "false";
    if (!shown?.width) {
      if (asked === this.asked) notice(t("ui.editor.unreadable", { name: blob.name ?? t("ui.editor.picture") }));
      return false;
    }
    if (asked !== this.asked) return URL.revokeObjectURL(shown.url), false; // a later one was quicker
    this.#take(blob, shown, keepMask);
    this.changed();
    if (!this.keys) return true;
    rememberLarge(this.keys.picture, blob);
    this.#storePaint(); // at once, so that no other picture's comes back with this one
    return true;
  }

  #take(blob, { url, width, height }, keepMask) {
    const old = this.drawing;
    if (this.url) URL.revokeObjectURL(this.url);
    Object.assign(this, { blob, url });
    if (this.mode !== "view") {
      const fits = keepMask && old?.plane.width === width && old.plane.height === height;
      this.drawing = fits ? old : new Drawing(width, height, this.mode === "sketch");
      if (keepMask && old && !fits) this.drawing.plane = resized(old.plane, width, height);
    }
    this.view.image.src = url;
    this.view.picture = { width, height };
    this.view.show(this.plane);
  }

  clear() {
    this.asked++;
    if (this.url) URL.revokeObjectURL(this.url);
    Object.assign(this, { blob: null, url: null, drawing: null });
    this.view.image.removeAttribute("src");
    this.view.element.ariaBusy = "false";
    this.view.picture = null;
    this.view.show(null);
    for (const key of Object.values(this.keys ?? {})) forgetLarge(key);
    this.changed();
  }

  /** After every stroke, step and load. */
  changed() {
    this.view.show(this.plane);
    clearTimeout(this.timer);
    if (this.keys) this.timer = setTimeout(() => this.#storePaint(), PAUSE);
    this.tell();
  }

  async picture() {
    if (this.mode !== "sketch" || !this.plane || this.plane.empty) return this.blob;
    const [blob, plane] = [this.blob, this.plane.snapshot()];
    return withPaint(blob, plane, false).catch(() => withPaint(blob, plane, true));
  }

  /** White where something is painted; null where nothing is. */
  async mask() {
    if (!this.plane || this.plane.empty) return null;
    const plane = this.plane.snapshot();
    if (this.mode === "mask") return png(plane.width, plane.height, 1, (y, into) => plane.readRow(y, into));
    const row = new Uint32Array(plane.width);
    return png(plane.width, plane.height, 1, (y, into) => {
      plane.readRow(y, row);
      for (let x = 0; x < row.length; x++) into[x] = row[x] >>> 24 ? 255 : 0;
    });
  }

  async loadMask(blob) {
    if (!this.drawing || this.mode !== "mask") return;
    const { drawing } = this;
    const { width, height } = this.plane;
    const read = await maskOf(blob, width, height).catch(() => null);
    if (drawing !== this.drawing) return; // another picture has come meanwhile
    if (!read) return notice(t("ui.editor.unreadable", { name: blob.name ?? t("ui.editor.mask") }));
    drawing.replace(read.plane);
    this.changed();
    if (read.plane.empty) notice(t("ui.editor.mask_empty"));
    else if (read.stretched) notice(t("ui.editor.mask_stretched", { ...read.stretched, w: width, h: height }));
  }

  async #recall() {
    if (!this.keys) return;
    const [blob, paint] = await Promise.all([recallLarge(this.keys.picture), recallLarge(this.keys.paint)]);
    if (!(blob instanceof Blob) || this.asked) return;
    const shown = await shownAs(blob).catch(() => null);
    if (!shown?.width || this.asked) return;
    this.#take(blob, shown, false);
    const { plane } = this;
    if (plane && paint?.width === plane.width && paint.height === plane.height) this.drawing.restore(paint.tiles);
    this.view.show(plane);
    this.tell();
  }

  #storePaint() {
    clearTimeout(this.timer);
    if (!this.drawing || this.drawing.step) return;
    const { width, height } = this.plane;
    rememberLarge(this.keys.paint, { width, height, tiles: this.drawing.save() });
  }
}
