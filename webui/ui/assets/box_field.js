// A rectangle in numbers, in percent of the picture's sides; alone in its form, with a sheet to draw it on.
import { boxSheet } from "./box_sheet.js";
import { compound } from "./compound.js";
import { h } from "./dom.js";
import { firstOf, numberOrSchedule } from "./number_field.js";
import { local, t } from "./text.js";

const SIDES = ["left", "top", "right", "bottom"];
const WHOLE = [0, 0, 1, 1];
const [SCHEDULE, OF] = ["$schedule", "$of"]; // as webui/core/scheduled.py has them
const share = percent => Math.round(percent * 100) / 1e4;

/** What a side's box says; in an animation it may be a schedule, in percent as well. */
const sideOf = written => {
  const value = numberOrSchedule(written);
  return typeof value === "string" ? { [SCHEDULE]: value, [OF]: 100 } : value === null ? null : share(value);
};
const writtenOf = side => (typeof side === "number" ? Math.round(side * 1e4) / 100 : (side?.[SCHEDULE] ?? side ?? ""));

/** Whether a rectangle moves over the frames of an animation, so that it cannot be drawn. */
export const moves = box => (box ?? []).some(side => side !== null && typeof side !== "number");

/** Where it is to be seen, as far as its numbers say. */
export const seenAt = box =>
  (box ?? WHOLE).map((side, i) => {
    const first = side?.[SCHEDULE] === undefined ? firstOf(side) : share(firstOf(side[SCHEDULE]));
    return Number.isFinite(first) ? first : WHOLE[i];
  });

export function boxField(data, around) {
  let held = null;
  const kind = around.scheduled ? { type: "text", spellcheck: "false" } : { type: "number", inputmode: "decimal", min: 0, max: 100, step: 1 };
  const boxes = SIDES.map(side => h("input.number", { ...kind, autocomplete: "off", "data-side": side, oninput: () => type() }));
  const numbers = SIDES.map((side, i) => h("label", {}, h("span", {}, t(`ui.panel.box.${side}`)), boxes[i]));
  const change = box => moves(held) || (write(box), made.tell());
  const sheet = around.boxed
    ? null
    : boxSheet({
        size: around.size,
        boxes: () => (held ? [seenAt(held)] : []),
        name: () => local(data.title),
        draw: change,
        change: (_, box) => change(box),
      });
  const made = compound(data, ...(sheet ? [sheet.element] : []), h("div.box-numbers", {}, numbers));
  const type = () => {
    held = boxes.map(one => sideOf(one.value));
    mark();
    sheet?.show();
    made.tell();
  };
  const mark = () => boxes.forEach((one, i) => one.classList.toggle("schedule", moves([held?.[i] ?? null])));
  const write = box => {
    held = box ?? null;
    for (const [i, one] of boxes.entries()) if (document.activeElement !== one) one.value = held ? writtenOf(held[i]) : "";
    mark();
    sheet?.show();
  };
  write(null);
  return { ...made, read: () => held, write, fit: () => sheet?.show() };
}
