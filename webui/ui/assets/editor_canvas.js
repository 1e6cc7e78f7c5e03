// The drawing: strokes and filled shapes onto a plane of tiles, and the steps back and forth.
// A pixel belongs to a shape if its centre does; a hard edge is 0 or 255 and nothing between.
import { MASK, paintBlend } from "./editor_paint.js";
import { line, polygon } from "./editor_shapes.js";
import { bytesOf, packed, Plane, SIDE, unpacked } from "./editor_tiles.js";

const STEPS = 200;
const BYTES = 256 * 2 ** 20;

/** One step in the making: what it covers, over what was there before it. */
class Step {
  constructor(plane, blend) {
    Object.assign(this, { plane, blend, before: new Map(), coverage: new Map() });
  }

  /** Pixels x0 … x1 - 1 of row y; `cover`, their coverage: a number or a function of x. */
  span(y, x0, x1, cover) {
    const { plane } = this;
    if (y < 0 || y >= plane.height) return;
    const end = Math.min(x1, plane.width);
    const row = Math.floor(y / SIDE) * plane.columns;
    for (let x = Math.max(0, x0); x < end; ) {
      const column = Math.floor(x / SIDE);
      const stop = Math.min(end, (column + 1) * SIDE);
      this.#cover(row + column, (y % SIDE) * SIDE - column * SIDE, x, stop, cover);
      x = stop;
    }
  }

  #cover(index, offset, x0, x1, cover) {
    const [before, coverage, now] = this.#tile(index);
    const whole = typeof before !== "object";
    for (let x = x0; x < x1; x++) {
      const value = typeof cover === "number" ? cover : cover(x);
      const i = offset + x;
      if (value <= coverage[i]) continue;
      coverage[i] = value;
      now[i] = this.blend(whole ? (before ?? 0) : before[i], value);
    }
  }

  #tile(index) {
    const { plane, before, coverage } = this;
    if (!before.has(index)) before.set(index, plane.entry(index));
    if (!coverage.has(index)) {
      plane.tiles.set(index, plane.copy(index));
      coverage.set(index, new Uint8Array(SIDE * SIDE));
    }
    return [before.get(index), coverage.get(index), plane.entry(index)];
  }

  /** All so far stays; where this step covers more later, it covers anew. */
  settle() {
    for (const index of this.coverage.keys()) this.plane.compact(index);
    this.coverage.clear();
  }

  takeBack() {
    for (const [index, entry] of this.before) this.plane.put(index, entry);
  }
}

export class Drawing {
  constructor(width, height, colour = false) {
    this.colour = colour;
    this.#start(new Plane(width, height, colour ? Uint32Array : Uint8Array));
  }

  #start(plane) {
    Object.assign(this, { plane, done: [], undone: [], step: null });
  }

  /** Begin a step. `brush`: { erase, softness 0…1, colour [r, g, b], opacity 0…1 }. */
  begin(brush) {
    this.end();
    const blends = this.colour ? paintBlend(brush.colour, brush.opacity) : MASK;
    this.step = new Step(this.plane, brush.erase ? blends.erase : blends.paint);
    this.softness = brush.softness ?? 0;
  }

  /** The brush goes from a to b ([x, y], pixels from the corner of the picture). The edge of paint is smooth. */
  line(a, b, radius) {
    const smooth = this.colour && radius >= 1;
    const reach = smooth ? radius + 0.5 : radius;
    const softness = smooth ? Math.max(this.softness, 1 / reach) : this.softness;
    return line(this.plane, a, b, reach, softness, (...span) => this.step.span(...span));
  }

  /** Everything within a closed line of points. */
  fill(points) {
    let band = -1;
    polygon(this.plane, points, (y, x0, x1) => {
      if (Math.floor(y / SIDE) !== band) this.step.settle();
      band = Math.floor(y / SIDE);
      this.step.span(y, x0, x1, 255);
    });
  }

  end() {
    if (!this.step) return;
    this.step.settle();
    this.#record(this.step.before);
    this.step = null;
  }

  /** As if the step had never begun. */
  cancel() {
    this.step?.takeBack();
    this.step = null;
  }

  #record(before) {
    const tiles = new Map();
    for (const [index, entry] of before)
      if (entry !== this.plane.entry(index)) tiles.set(index, packed(entry));
    if (!tiles.size) return;
    this.undone = [];
    this.done.push(tiles);
    const cost = () => this.done.reduce((sum, step) => sum + sizeOf(step), 0);
    while (this.done.length > STEPS || (this.done.length > 1 && cost() > BYTES)) this.done.shift();
  }

  undo() {
    return this.#swap(this.done, this.undone);
  }

  redo() {
    return this.#swap(this.undone, this.done);
  }

  #swap(from, to) {
    this.cancel();
    const tiles = from.pop();
    if (!tiles) return false;
    const back = new Map();
    for (const [index, entry] of tiles) {
      back.set(index, packed(this.plane.entry(index)));
      this.plane.put(index, unpacked(entry));
    }
    to.push(back);
    return true;
  }

  /** Put another plane of the same size in place of this one, as one step. */
  replace(plane) {
    this.end();
    const before = new Map(this.plane.tiles);
    for (const index of plane.tiles.keys()) if (!before.has(index)) before.set(index, undefined);
    this.plane = plane;
    this.#record(before);
  }

  clear() {
    this.replace(new Plane(this.plane.width, this.plane.height, this.plane.Values));
  }

  invert() {
    const { plane } = this;
    const other = new Plane(plane.width, plane.height, plane.Values);
    for (let index = 0; index < plane.columns * plane.rows; index++) {
      const entry = plane.entry(index);
      other.put(index, typeof entry === "object" ? entry.map(value => 255 - value) : 255 - (entry ?? 0));
      other.compact(index);
    }
    this.replace(other);
  }

  /** What is painted, small and ready to be stored, and back. */
  save() {
    return new Map([...this.plane.tiles].map(([index, entry]) => [index, packed(entry)]));
  }

  restore(tiles) {
    for (const [index, entry] of tiles) this.plane.put(index, unpacked(entry));
  }
}

function sizeOf(step) {
  let sum = 0;
  for (const entry of step.values()) sum += bytesOf(entry);
  return sum;
}
