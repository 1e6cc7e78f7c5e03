// Numbers: a box, maybe with a slider; in an animation also schedules, where a number may change over the frames.
import { h } from "./dom.js";
import { frame, labelOf } from "./field_frame.js";

/** A number box; with `slider` also a slider for the usual range. `scheduled`: of an animation, it takes schedules, too. */
export function number(data) {
  if (data.scheduled) return scheduled(data);
  const whole = data.kind === "integer";
  const bounds = { min: data.min, max: data.max, step: data.step ?? (whole ? 1 : "any") };
  const box = h("input.number", {
    type: "number",
    inputmode: whole ? "numeric" : "decimal",
    autocomplete: "off",
    ...bounds,
  });
  const slider = data.slider ? sliderFor(box, data) : null;
  const made = frame(data, box, ...(slider ? [slider] : []));
  return {
    ...made,
    // What is no number goes to the server as it is: there, and only there, things are checked.
    read: () => (box.value === "" ? (box.validity.badInput ? "?" : null) : Number(box.value)),
    write: value => {
      box.value = value ?? "";
      slider?.follow();
    },
  };
}

const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** What is written in a box that takes numbers and schedules, `0:(0), 10:(1)`: the server reads those. */
export const numberOrSchedule = written => {
  const words = written.trim();
  return words === "" ? null : PLAIN.test(words) ? Number(words) : words;
};

const KEY = /^\s*[\d.]+\s*:\s*\(?\s*([-+.\d]+)\s*(?:\)|[,;]|$)/;

/** A schedule's number at its first key, where it is plain: what is seen of it where only one can be. Else the value itself. */
export const firstOf = value => (typeof value === "string" && KEY.test(value) ? Number(KEY.exec(value)[1]) : value);

/** One line for a number or a schedule; the slider is there as long as it is a number. */
function scheduled(data) {
  const box = h("input.number", { type: "text", autocomplete: "off", spellcheck: "false" });
  const slider = data.slider ? sliderFor(box, data) : null;
  const made = frame(data, box, ...(slider ? [slider] : []));
  const look = () => {
    const text = typeof numberOrSchedule(box.value) === "string";
    box.classList.toggle("schedule", text);
    if (slider) slider.hidden = text;
  };
  box.addEventListener("input", look);
  return {
    ...made,
    read: () => numberOrSchedule(box.value),
    write: value => {
      box.value = value ?? "";
      slider?.follow();
      look();
    },
  };
}

function sliderFor(box, { slider: [low, high, step], ...data }) {
  const slider = h("input.slider", {
    type: "range",
    min: low,
    max: high,
    step,
    tabindex: -1,
    "aria-label": labelOf(data),
  });
  const follow = () => {
    slider.value = box.value;
    slider.style.setProperty("--share", (slider.value - low) / (high - low));
  };
  slider.addEventListener("input", () => {
    box.value = slider.value;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  });
  box.addEventListener("input", follow);
  return Object.assign(slider, { follow });
}
