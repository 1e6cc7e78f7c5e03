// What the tools do between press and release.
import { rectangle } from "./editor_shapes.js";

const LEAST = 4; // CSS pixels between two points of a lasso

/** The brush's diameter in pixels of a picture, from its share of the longer side. */
export const diameter = (share, { width, height }) => Math.max(1, Math.round(share * Math.max(width, height)));

/** See editor_pointer.js for what a hand is asked. `pick(point)` takes the colour there, `picked()` ends that. */
export function makeHand({ view, options, drawing, changed, pick, picked, reveal, state, paints }) {
  let points = [];
  let tool = null;
  let last = null; // where the last stroke ended, for a straight line with Shift

  const radius = () => diameter(options.share, view.lens.picture) / 2;
  const draw = (a, b) => view.touched(drawing().line(a, b, radius()));

  const begin = erase => {
    if (!view.shown) reveal();
    drawing().begin({
      erase,
      softness: ["rectangle", "lasso"].includes(tool) ? 0 : options.softness,
      colour: [1, 3, 5].map(at => parseInt(options.colour.slice(at, at + 2), 16)),
      opacity: options.opacity,
    });
  };

  const start = (event, erase) => {
    tool = event.altKey && state.picks ? "pick" : options.tool;
    const point = view.place(event);
    if (tool === "pick") return pick(point);
    begin(erase || tool === "eraser" || (event.altKey && !state.picks));
    points = [point];
    if (isShape()) return;
    draw(event.shiftKey && last ? last : point, point);
  };

  const isShape = () => tool === "rectangle" || tool === "lasso";

  // A step back, or another picture, in the middle of a stroke ends it.
  const goesOn = () => tool === "pick" || Boolean(drawing()?.step);

  const move = events => {
    if (!goesOn()) return;
    for (const event of events) {
      const point = view.place(event);
      if (tool === "pick") pick(point);
      else if (tool === "rectangle") points[1] = point;
      else if (tool === "lasso") {
        const [x, y] = points.at(-1);
        if (Math.hypot(point[0] - x, point[1] - y) * view.lens.scale >= LEAST) points.push(point);
      } else {
        draw(points.at(-1), point);
        points = [point];
      }
    }
    if (isShape()) view.shape(outline());
  };

  const outline = () => (tool === "rectangle" ? rectangle(points[0], points[1] ?? points[0]) : points);

  const end = () => {
    if (tool === "pick") return picked();
    if (isShape()) view.shape(null);
    if (!goesOn()) return;
    if (isShape()) drawing().fill(outline());
    else last = points.at(-1);
    drawing().end();
    changed();
  };

  const cancel = () => {
    if (tool === "pick") return;
    drawing()?.cancel();
    view.shape(null);
  };

  const hover = event => {
    state.last = event;
    const rings = event && view.lens.picture && paints() && !state.space && (options.tool === "brush" || options.tool === "eraser");
    view.brush(rings ? view.at(event) : null, rings ? radius() * 2 : 0);
    state.over = Boolean(event);
  };

  return {
    start,
    move,
    end,
    cancel,
    hover,
    moves: () => state.space || options.tool === "hand" || !paints(),
    rests: () => !paints() && view.lens.fitted,
    forget: () => (last = null),
  };
}
