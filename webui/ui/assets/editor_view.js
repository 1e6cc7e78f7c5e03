// The view: the picture as the browser shows it, what is painted above it, and the brush under the pointer.
import { h } from "./dom.js";
import { Lens } from "./editor_lens.js";
import { drawPath, drawPlane } from "./editor_overlay.js";

const FINE = 8; // CSS pixels: a ring so small is lost without a cross

/** { element, image, lens, place(event), show(plane | null), touched(rect), shape(points | null), brush(…) } */
export class View {
  constructor(attributes) {
    this.image = h("img", { alt: "", draggable: "false" });
    this.paper = h("div.paper", { hidden: true }, this.image);
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.ring = h("div.ring", { hidden: true });
    this.element = h("div.view", attributes, this.paper, this.canvas, this.ring);
    this.lens = new Lens(() => this.#moved());
    this.listeners = [];
    Object.assign(this, { plane: null, shown: true, points: null, dirty: null, frame: 0, ratio: 1 });
    new ResizeObserver(([entry]) => this.#resized(entry)).observe(this.element);
  }

  /** Set the size of the picture (null: none). */
  set picture(size) {
    this.paper.hidden = !size;
    this.lens.resize({ picture: size });
    this.redraw();
  }

  show(plane) {
    this.plane = plane;
    this.redraw();
  }

  /** What is painted has changed within this rectangle of the picture. */
  touched(rect) {
    const { scale, x, y } = this.#place();
    const left = Math.floor(rect.x * scale + x) - 2;
    const top = Math.floor(rect.y * scale + y) - 2;
    const right = Math.ceil((rect.x + rect.width) * scale + x) + 2;
    const bottom = Math.ceil((rect.y + rect.height) * scale + y) + 2;
    this.#invalidate(left, top, right, bottom);
  }

  redraw() {
    this.#invalidate(0, 0, this.canvas.width, this.canvas.height);
  }

  /** The outline of a shape in the making (points of the picture), or null. */
  shape(points) {
    this.points = points;
    this.redraw();
  }

  /** A ring of this diameter (pixels of the picture) at a point of the view, or none. */
  brush(point, diameter = 0) {
    this.ring.hidden = !point;
    if (!point) return;
    const size = Math.max(diameter * this.lens.scale, 3);
    this.element.classList.toggle("fine", size < FINE);
    this.ring.style.width = this.ring.style.height = `${size}px`;
    this.ring.style.translate = `${point[0] - size / 2}px ${point[1] - size / 2}px`;
  }

  /** Where an event is, in CSS pixels of the view. */
  at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left - this.element.clientLeft, event.clientY - box.top - this.element.clientTop];
  }

  /** Where an event is, in pixels of the picture. */
  place(event) {
    return this.lens.toPicture(...this.at(event));
  }

  #place() {
    const { scale, x, y } = this.lens;
    return { scale: scale * this.ratio, x: x * this.ratio, y: y * this.ratio };
  }

  #resized(entry) {
    const { width, height } = entry.contentRect;
    if (!width || !height) return; // in a tab that is not shown
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    this.ratio = this.canvas.width / width;
    this.lens.resize({ view: { width, height } });
    this.redraw();
  }

  #moved() {
    const { lens } = this;
    if (!lens.picture) return;
    const { width, height } = lens.picture;
    Object.assign(this.paper.style, {
      left: `${lens.x}px`,
      top: `${lens.y}px`,
      width: `${width * lens.scale}px`,
      height: `${height * lens.scale}px`,
    });
    this.paper.classList.toggle("near", lens.scale * this.ratio >= 2);
    for (const tell of this.listeners) tell();
    this.redraw();
  }

  #invalidate(left, top, right, bottom) {
    const old = this.dirty ?? [Infinity, Infinity, -Infinity, -Infinity];
    this.dirty = [
      Math.max(0, Math.min(old[0], left)),
      Math.max(0, Math.min(old[1], top)),
      Math.min(this.canvas.width, Math.max(old[2], right)),
      Math.min(this.canvas.height, Math.max(old[3], bottom)),
    ];
    this.frame ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.frame = 0;
    const [x, y, right, bottom] = this.dirty;
    this.dirty = null;
    const context = this.canvas.getContext("2d");
    const rect = { x, y, width: right - x, height: bottom - y };
    if (this.plane && this.shown) drawPlane(context, this.plane, this.#place(), rect);
    else context.clearRect(x, y, rect.width, rect.height);
    if (this.points) drawPath(context, this.points, this.#place(), this.ratio);
  }
}
