// A rectangle in numbers, in percent of the picture's sides; alone in its form, with a sheet to draw it on.
import { boxSheet } from "./box_sheet.js";
import { compound } from "./compound.js";
import { h } from "./dom.js";
import { local, t } from "./text.js";

const SIDES = ["left", "top", "right", "bottom"];
const shareOf = box => (box.value === "" ? null : Math.round(Number(box.value) * 100) / 1e4);

export function boxField(data, around) {
  let held = null;
  const boxes = SIDES.map(side =>
    h("input.number", { type: "number", inputmode: "decimal", min: 0, max: 100, step: 1, "data-side": side, oninput: () => type() }),
  );
  const numbers = SIDES.map((side, i) => h("label", {}, h("span", {}, t(`ui.panel.box.${side}`)), boxes[i]));
  const change = box => (write(box), made.tell());
  const sheet = around.boxed
    ? null
    : boxSheet({
        size: around.size,
        boxes: () => (held ? [held] : []),
        name: () => local(data.title),
        draw: change,
        change: (_, box) => change(box),
      });
  const made = compound(data, ...(sheet ? [sheet.element] : []), h("div.box-numbers", {}, numbers));
  const type = () => {
    held = boxes.map(shareOf);
    sheet?.show();
    made.tell();
  };
  const write = box => {
    held = box ?? null;
    for (const [i, one] of boxes.entries())
      if (document.activeElement !== one) one.value = held ? Math.round(held[i] * 1e4) / 100 : "";
    sheet?.show();
  };
  write(null);
  return { ...made, read: () => held, write, fit: () => sheet?.show() };
}
