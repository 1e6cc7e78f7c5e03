// What is painted, drawn over the picture at the screen's own resolution. Each pixel of the screen asks the
// plane once, so the cost depends on the screen and not on the picture.
import { rgba } from "./editor_paint.js";
import { SIDE } from "./editor_tiles.js";

const FILL = [255, 36, 124];
const OPACITY = 0.5;
const OUTLINE = rgba(18, 12, 22, 225);
const SHADES = Uint32Array.from({ length: 256 }, (_, value) => rgba(...FILL, Math.round(value * OPACITY)));

/** Draw the plane into a rectangle of the canvas; `place`: { scale, x, y } in pixels of the canvas. */
export function drawPlane(context, plane, place, rect) {
  const { x, y, width, height } = rect;
  if (width <= 0 || height <= 0) return;
  if (plane.empty) return context.clearRect(x, y, width, height);
  const image = context.createImageData(width, height);
  const into = new Uint32Array(image.data.buffer);
  const draw = plane.Values === Uint8Array ? drawMask : drawPaint;
  draw(plane, samples(x - 1, width + 2, place.x, place.scale, plane.width), into, rect, place);
  context.putImageData(image, x, y);
}

/** For `count` pixels from `start`, the pixel of the picture under the middle of each, or -1. */
function samples(start, count, origin, scale, length) {
  return Int32Array.from({ length: count }, (_, i) => {
    const at = Math.floor((start + i + 0.5 - origin) / scale);
    return at >= 0 && at < length ? at : -1;
  });
}

function drawMask(plane, xs, into, { y, width, height }, place) {
  const ys = samples(y - 1, height + 2, place.y, place.scale, plane.height);
  let rows = [0, 1, 2].map(() => new Uint8Array(width + 2));
  readSamples(plane, ys[0], xs, rows[0]);
  readSamples(plane, ys[1], xs, rows[1]);
  for (let j = 0; j < height; j++) {
    const [above, row, below] = rows;
    readSamples(plane, ys[j + 2], xs, below);
    for (let i = 1, at = j * width; i <= width; i++, at++) {
      const value = row[i];
      if (!value) continue;
      const inside = above[i] & below[i] & row[i - 1] & row[i + 1] & 128;
      into[at] = value > 127 && !inside ? OUTLINE : SHADES[value];
    }
    rows = [row, below, above];
  }
}

function drawPaint(plane, xs, into, { y, width, height }, place) {
  const ys = samples(y, height, place.y, place.scale, plane.height);
  const row = new Uint32Array(width + 2);
  for (let j = 0; j < height; j++) {
    readSamples(plane, ys[j], xs, row);
    into.set(row.subarray(1, width + 1), j * width);
  }
}

function readSamples(plane, y, xs, into) {
  into.fill(0);
  if (y < 0) return;
  const row = Math.floor(y / SIDE) * plane.columns;
  const start = (y % SIDE) * SIDE;
  for (let i = 0; i < xs.length; ) {
    if (xs[i] < 0) {
      i++;
      continue;
    }
    const column = Math.floor(xs[i] / SIDE);
    const entry = plane.entry(row + column);
    const first = column * SIDE;
    const from = i;
    while (i < xs.length && xs[i] >= first && xs[i] < first + SIDE) i++;
    if (typeof entry === "number") into.fill(entry, from, i);
    else if (entry) for (let k = from; k < i; k++) into[k] = entry[start + xs[k] - first];
  }
}

/** The outline of a shape in the making, seen on any picture. */
export function drawPath(context, points, place, ratio) {
  context.beginPath();
  for (const [x, y] of points) context.lineTo(x * place.scale + place.x, y * place.scale + place.y);
  context.closePath();
  for (const [colour, dash] of [["#120c16", []], ["#fff", [5 * ratio, 5 * ratio]]]) {
    context.strokeStyle = colour;
    context.lineWidth = 1.5 * ratio;
    context.setLineDash(dash);
    context.stroke();
  }
}
