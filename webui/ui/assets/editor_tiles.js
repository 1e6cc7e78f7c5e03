// What is painted, at the picture's own size, as sparse tiles: nothing costs nothing, one colour one number.
// A plane of bytes is a mask (255 = change), one of 32-bit words is paint (RGBA, little-endian, not premultiplied).
export const SIDE = 256;
const AREA = SIDE * SIDE;

/** An entry of a plane is undefined (all 0), a number (all of that value) or an array of SIDE * SIDE values. */
export class Plane {
  constructor(width, height, Values) {
    Object.assign(this, { width, height, Values, tiles: new Map() });
    this.columns = Math.ceil(width / SIDE);
    this.rows = Math.ceil(height / SIDE);
  }

  get empty() {
    return this.tiles.size === 0;
  }

  entry(index) {
    return this.tiles.get(index);
  }

  put(index, entry) {
    if (entry === undefined || entry === 0) this.tiles.delete(index);
    else this.tiles.set(index, entry);
  }

  at(x, y) {
    const entry = this.tiles.get(Math.floor(y / SIDE) * this.columns + Math.floor(x / SIDE));
    return typeof entry === "object" ? entry[(y % SIDE) * SIDE + (x % SIDE)] : (entry ?? 0);
  }

  /** The part of a tile that lies in the picture: [width, height]. */
  extent(index) {
    const column = index % this.columns;
    const row = (index - column) / this.columns;
    return [Math.min(SIDE, this.width - column * SIDE), Math.min(SIDE, this.height - row * SIDE)];
  }

  /** The values of a tile as an array of its own. */
  copy(index) {
    const entry = this.tiles.get(index);
    if (typeof entry === "object") return entry.slice();
    return new this.Values(AREA).fill(entry ?? 0);
  }

  /** Keep a tile of one value as that value. */
  compact(index) {
    const entry = this.tiles.get(index);
    if (typeof entry !== "object") return;
    const [width, height] = this.extent(index);
    const value = entry[0];
    for (let y = 0; y < height; y++)
      for (let i = y * SIDE, end = i + width; i < end; i++) if (entry[i] !== value) return;
    this.put(index, value);
  }

  /** The plane as it is now, whatever is painted later. Not in the middle of a step. */
  snapshot() {
    return Object.assign(new Plane(this.width, this.height, this.Values), { tiles: new Map(this.tiles) });
  }

  /** Row y, from x = 0, into an array of at least `width` values. */
  readRow(y, into) {
    const row = Math.floor(y / SIDE);
    const start = (y % SIDE) * SIDE;
    for (let column = 0; column < this.columns; column++) {
      const left = column * SIDE;
      const count = Math.min(SIDE, this.width - left);
      const entry = this.tiles.get(row * this.columns + column);
      if (typeof entry === "object") into.set(entry.subarray(start, start + count), left);
      else into.fill(entry ?? 0, left, left + count);
    }
  }

  /** Write all of a plane anew, row by row: `row(y, values)` fills an array of `width` zeros. */
  static drawn(width, height, Values, row) {
    const plane = new Plane(width, height, Values);
    const values = new Values(width);
    for (let top = 0; top < plane.rows; top++) {
      const band = Array.from({ length: plane.columns }, () => new Values(AREA));
      for (let y = top * SIDE; y < Math.min(height, (top + 1) * SIDE); y++) {
        values.fill(0);
        row(y, values);
        band.forEach((tile, column) => {
          const left = column * SIDE;
          tile.set(values.subarray(left, Math.min(width, left + SIDE)), (y % SIDE) * SIDE);
        });
      }
      band.forEach((tile, column) => {
        plane.put(top * plane.columns + column, tile);
        plane.compact(top * plane.columns + column);
      });
    }
    return plane;
  }

  /** The smallest rectangle around all that is not 0, or null. */
  bounds() {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const [index, entry] of this.tiles) {
      const x0 = (index % this.columns) * SIDE;
      const y0 = Math.floor(index / this.columns) * SIDE;
      const [width, height] = this.extent(index);
      if (x0 >= left && y0 >= top && x0 + width <= right && y0 + height <= bottom) continue;
      const [a, b, c, d] = typeof entry === "object" ? extentOf(entry, width, height) : [0, 0, width, height];
      if (c <= a) continue;
      [left, top] = [Math.min(left, x0 + a), Math.min(top, y0 + b)];
      [right, bottom] = [Math.max(right, x0 + c), Math.max(bottom, y0 + d)];
    }
    return left < right ? { x: left, y: top, width: right - left, height: bottom - top } : null;
  }
}

function extentOf(values, width, height) {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      if (!values[y * SIDE + x]) continue;
      if (x < left) left = x;
      if (x >= right) right = x + 1;
      if (y < top) top = y;
      bottom = y + 1;
    }
  return [left, top, right, bottom];
}

/** An entry in few bytes: { lengths, values } where runs are long, else the entry itself. Never changed later. */
export function packed(entry) {
  if (typeof entry !== "object") return entry;
  let runs = 1;
  for (let i = 1; i < AREA; i++) if (entry[i] !== entry[i - 1]) runs++;
  if (runs * (2 + entry.BYTES_PER_ELEMENT) > entry.byteLength / 2) return entry;
  const lengths = new Uint16Array(runs); // less one, so that a whole tile fits
  const values = new entry.constructor(runs);
  let run = 0;
  for (let i = 0, start = 0; i < AREA; i++)
    if (i + 1 === AREA || entry[i + 1] !== entry[i]) {
      lengths[run] = i - start;
      values[run++] = entry[i];
      start = i + 1;
    }
  return { lengths, values };
}

export function unpacked(entry) {
  if (!entry?.lengths) return entry;
  const { lengths, values } = entry;
  const tile = new values.constructor(AREA);
  for (let run = 0, at = 0; run < lengths.length; run++) {
    const end = at + lengths[run] + 1;
    tile.fill(values[run], at, end);
    at = end;
  }
  return tile;
}

export function bytesOf(entry) {
  if (typeof entry !== "object") return 16;
  return entry.lengths ? entry.lengths.byteLength + entry.values.byteLength : entry.byteLength;
}
