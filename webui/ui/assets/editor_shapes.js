// Which pixels a shape holds, row by row: each calls `span(y, x0, x1, coverage)`, x1 not included.
// Pixel (i, j) has its centre at (i + ½, j + ½).
const OPAQUE = 255;

/** First and last + 1 pixel whose centre lies in [low, high]. */
const pixels = (low, high) => [Math.ceil(low - 0.5), Math.floor(high - 0.5) + 1];

/**
 * All pixels within `radius` of the segment a … b. With `softness` s the outermost share s of the radius fades.
 * A brush of one pixel snaps to the pixel under it. Returns the rectangle touched.
 */
export function line(size, a, b, radius, softness, span) {
  if (radius < 1) [a, b] = [a, b].map(([x, y]) => [Math.floor(x) + 0.5, Math.floor(y) + 0.5]);
  const from = Math.max(0, Math.ceil(Math.min(a[1], b[1]) - radius - 0.5));
  const to = Math.min(size.height - 1, Math.floor(Math.max(a[1], b[1]) + radius - 0.5));
  const distance = softness > 0 ? distanceTo(a, b) : null;
  const inner = radius * (1 - softness);
  for (let y = from; y <= to; y++) {
    const [low, high] = across(a, b, radius, y + 0.5);
    if (low > high) continue;
    const fade = x => {
      const away = (distance(x + 0.5, y + 0.5) - inner) / (radius - inner);
      return away <= 0 ? OPAQUE : Math.max(0, Math.round(OPAQUE * smooth(1 - away)));
    };
    span(y, ...pixels(low, high), distance ? fade : OPAQUE);
  }
  const [left, right] = [Math.min(a[0], b[0]) - radius, Math.max(a[0], b[0]) + radius];
  return { x: left, y: from, width: right - left, height: to - from + 1 };
}

const smooth = share => share * share * (3 - 2 * share);

/** Where the horizontal line at height y crosses the capsule around a … b: [low, high], low > high if it does not. */
function across(a, b, radius, y) {
  let [low, high] = [Infinity, -Infinity];
  const take = x => {
    low = Math.min(low, x);
    high = Math.max(high, x);
  };
  for (const [x, centre] of [a, b]) {
    const half = radius * radius - (y - centre) ** 2;
    if (half < 0) continue;
    take(x - Math.sqrt(half));
    take(x + Math.sqrt(half));
  }
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  if (!length) return [low, high];
  // The two long sides; both circles and the band between them are convex together, so the hull is the answer.
  const [nx, ny] = [((a[1] - b[1]) / length) * radius, ((b[0] - a[0]) / length) * radius];
  for (const sign of [1, -1]) {
    const [y0, y1] = [a[1] + sign * ny, b[1] + sign * ny];
    if (y0 === y1 || (y - y0) * (y - y1) > 0) continue;
    take(a[0] + sign * nx + ((b[0] - a[0]) * (y - y0)) / (y1 - y0));
  }
  return [low, high];
}

function distanceTo([ax, ay], [bx, by]) {
  const [dx, dy] = [bx - ax, by - ay];
  const square = dx * dx + dy * dy;
  return (x, y) => {
    const along = square ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / square)) : 0;
    return Math.hypot(x - ax - along * dx, y - ay - along * dy);
  };
}

/** All pixels within a closed line of points, even-odd. */
export function polygon(size, points, span) {
  const heights = points.map(point => point[1]);
  const from = Math.max(0, Math.ceil(Math.min(...heights) - 0.5));
  const to = Math.min(size.height - 1, Math.floor(Math.max(...heights) - 0.5));
  for (let y = from; y <= to; y++) {
    const crossings = [];
    points.forEach(([x1, y1], i) => {
      const [x0, y0] = points[(i + points.length - 1) % points.length];
      const middle = y + 0.5;
      if (y0 <= middle === y1 <= middle) return;
      crossings.push(x0 + ((x1 - x0) * (middle - y0)) / (y1 - y0));
    });
    crossings.sort((one, other) => one - other);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const [x0, x1] = pixels(crossings[i], crossings[i + 1]);
      if (x0 < x1) span(y, x0, x1);
    }
  }
}

export const rectangle = ([x0, y0], [x1, y1]) => [
  [x0, y0],
  [x1, y0],
  [x1, y1],
  [x0, y1],
];
