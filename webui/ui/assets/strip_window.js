// Of thousands of tiles side by side, those that are to be seen; empty room stands for the others.
import { h } from "./dom.js";

const ALL = 80; // so few are all there
const BESIDE = 12; // tiles on each side that are there before they are to be seen
const GAP = 8; // pixels between two tiles, as in stage.css
const USUAL = 76; // pixels of a tile

export function windowOf(strip) {
  const [before, after] = [h("div.space", { "aria-hidden": "true" }), h("div.space", { "aria-hidden": "true" })];
  let [count, drawn, timer] = [0, [0, 0], 0];
  const pitch = () => (strip.querySelector(".tile")?.offsetWidth || USUAL) + GAP;
  const seen = all => {
    const first = Math.floor(strip.scrollLeft / pitch());
    const many = Math.ceil((strip.clientWidth || 1200) / pitch());
    const from = Math.min(Math.max(0, first - BESIDE), Math.max(0, all - many));
    return [from, Math.min(all, first + many + BESIDE)];
  };
  const space = (element, tiles) => {
    element.style.width = `${tiles * pitch() - GAP}px`;
    return element;
  };
  return {
    /** [from, to) of so many. */
    range: all => {
      count = all;
      return (drawn = all <= ALL ? [0, all] : seen(all));
    },
    /** What stands for those before and behind; false for none. */
    spaces: (from, to, all) => [from > 0 && space(before, from), to < all && space(after, all - to)],
    /** Bring a tile into sight, if it may not even be there. */
    reach: (place, all) => {
      const x = place * pitch();
      if (all > ALL && (x < strip.scrollLeft || x + pitch() > strip.scrollLeft + strip.clientWidth)) strip.scrollLeft = x - strip.clientWidth / 2;
    },
    /** `draw()` when one has scrolled to others. */
    onScroll: draw =>
      strip.addEventListener("scroll", () => {
        if (count <= ALL) return;
        const [from, to] = seen(count);
        if (from === drawn[0] && to === drawn[1]) return;
        cancelAnimationFrame(timer);
        timer = requestAnimationFrame(draw);
      }),
  };
}
