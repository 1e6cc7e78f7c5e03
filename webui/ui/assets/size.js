// Width and height: two numbers, a swap, and shapes with about as many pixels as the model likes.
import { h, iconButton } from "./dom.js";
import { number } from "./fields.js";
import { t } from "./text.js";

const SHAPES = [
  [1, 1],
  [4, 3],
  [3, 2],
  [16, 9],
  [3, 4],
  [2, 3],
  [9, 16],
];
const STEP = 8;

/** The size of this shape whose area comes nearest to the model's own. */
export function sizeFor([across, down], area) {
  const height = Math.sqrt((area * down) / across);
  const fit = side => Math.min(2048, Math.max(64, Math.round(side / STEP) * STEP));
  return { width: fit((height * across) / down), height: fit(height) };
}

export function sizePart(form, data) {
  const chips = SHAPES.map(shape =>
    h("button.shape", { type: "button", onclick: () => take(shape) }, drawing(shape), shape.join(":")),
  );
  let area = 512 * 512;
  const take = shape => setBoth(sizeFor(shape, area));
  const setBoth = ({ width, height }) => {
    form.set("width", width);
    form.set("height", height);
  };
  const swap = () => setBoth({ width: form.value("height"), height: form.value("width") });
  const mark = () =>
    SHAPES.forEach((shape, i) => {
      const { width, height } = sizeFor(shape, area);
      chips[i].setAttribute("aria-pressed", width === form.value("width") && height === form.value("height"));
      chips[i].title = `${width} × ${height}`;
    });
  const element = h(
    "div.size",
    {},
    h(
      "div.sides",
      {},
      form.add(number(data.width)),
      iconButton("swap", t("ui.size.swap"), swap),
      form.add(number(data.height)),
    ),
    h("div.shapes", { role: "group", "aria-label": t("ui.size.shapes") }, chips),
  );
  form.onChange(mark);
  return {
    element,
    suit: ({ card }) => {
      area = card.width * card.height;
      mark();
    },
  };
}

function drawing([across, down]) {
  const long = 14 / Math.max(across, down);
  const box = h("i", { "aria-hidden": "true" });
  box.style.width = `${across * long}px`;
  box.style.height = `${down * long}px`;
  return box;
}
