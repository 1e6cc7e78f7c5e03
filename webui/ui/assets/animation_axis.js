// The time axis that curves, prompts and sound share: frames from left to right, in pixels of its own.
import { h } from "./dom.js";
import { number } from "./text.js";

export const PAD = 14; // pixels beside the first and the last frame, so that their keys are whole
export const APART = 56; // pixels between two numbers of the axis
const ZOOMS = [1, 2, 4, 8, 16, 32];
const NEAR = 7; // pixels within which a frame snaps

/** Of `count` frames over `width` pixels. */
export function axisOf(count, width) {
  const span = Math.max(1, count - 1);
  const inner = Math.max(1, width - 2 * PAD);
  const held = frame => Math.min(count - 1, Math.max(0, frame));
  const x = frame => PAD + (frame / span) * inner;
  const frame = px => held(Math.round(((px - PAD) / inner) * span));
  /** The nearest of these frames if it is near, else the frame itself. */
  const snapped = (px, frames) => {
    const nearest = frames.reduce((best, one) => (Math.abs(x(one) - px) < Math.abs(x(best) - px) ? one : best), Infinity);
    return Math.abs(x(nearest) - px) <= NEAR ? held(Math.round(nearest)) : frame(px);
  };
  return { count, width, x, frame, snapped, held };
}

/** Frames whose numbers stand on the axis: every 1, 2, 5, 10 … of them. */
export function ticksOf({ count, x }) {
  const steps = [1, 2, 5].flatMap(one => [0, 1, 2, 3, 4, 5].map(power => one * 10 ** power)).sort((a, b) => a - b);
  const step = steps.find(one => x(one) - x(0) >= APART) ?? count;
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}

/** A step of 1, 2 or 5 times a power of ten, near a hundredth of the range. */
export function stepOf(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 100));
  return [1, 2, 5, 10].map(one => one * power).find(one => one * 1.001 >= (high - low) / 100); // 0.1 / 100 is a little more than 0.001
}

/** A scale in its own window: `content` is as wide as the zoom says. `onWidth(pixels)` when that changes. */
export function windowPart(content, onWidth) {
  let zoom = 1;
  const inner = h("div.tracks", {}, content);
  const element = h("div.window", {}, inner);
  const fit = () => {
    if (!element.clientWidth) return;
    const width = element.clientWidth * zoom;
    inner.style.width = `${width}px`;
    onWidth(width);
  };
  /** Closer or wider by a step; the place `px` of the window stays where it is. */
  const by = (step, px = element.clientWidth / 2) => {
    const next = ZOOMS[Math.min(ZOOMS.length - 1, Math.max(0, ZOOMS.indexOf(zoom) + step))];
    const share = (element.scrollLeft + px) / (element.clientWidth * zoom);
    zoom = next;
    fit();
    element.scrollLeft = share * element.clientWidth * zoom - px;
  };
  element.addEventListener(
    "wheel",
    event => {
      if (!event.ctrlKey && !event.metaKey) return; // else the page or the window scrolls
      event.preventDefault();
      by(event.deltaY < 0 ? 1 : -1, event.clientX - element.getBoundingClientRect().left);
    },
    { passive: false },
  );
  new ResizeObserver(fit).observe(element);
  /** Bring a place of the axis into sight. */
  const show = px => {
    const { scrollLeft: left, clientWidth: wide } = element;
    if (zoom > 1 && (px < left + PAD || px > left + wide - PAD)) element.scrollLeft = px - wide / 2;
  };
  return { element, fit, by, show, zoom: () => zoom, ends: () => [zoom === ZOOMS[0], zoom === ZOOMS.at(-1)] };
}

export function shape(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A value as it is told: no more digits than its range needs. */
export const told = (value, digits = 4) => number(value, digits);
