// A long list of cards of one size in the scrolling page: only those in sight are in the document.
// One card is the current one, the only stop of the Tab key; arrows, Home, End, Page Up and Down move.
import { arrange, h } from "./dom.js";

const NARROWEST = 168; // of a card, pixels
const GAP = 14;
const BEYOND = 500; // pixels above and below that are drawn as well
const REST = 60; // milliseconds without scrolling after which what is drawn is fetched

/** card(index) makes a card's content, with `key`: the same key, the same card. want(first, last). */
export function cardWindow({ label, card, want }) {
  const list = h("ul.models-list", { "aria-label": label });
  const cards = new Map(); // index -> { key, element }
  let count = 0,
    current = 0,
    columns = 1,
    height = 1,
    timer = 0;

  const measure = () => {
    const width = list.clientWidth;
    columns = Math.max(2, Math.floor((width + GAP) / (NARROWEST + GAP)));
    const one = (width - GAP * (columns - 1)) / columns;
    list.style.setProperty("--card", `${one}px`);
    height = one + parseFloat(getComputedStyle(list).getPropertyValue("--words")) + GAP;
    list.style.height = `${Math.max(0, Math.ceil(count / columns) * height - GAP)}px`;
    return one;
  };
  const show = () => {
    if (!list.clientWidth) return; // in a tab that is not to be seen
    const wide = measure();
    const above = -list.getBoundingClientRect().top;
    const row = pixels => Math.max(0, Math.floor(pixels / height));
    const first = row(above - BEYOND) * columns;
    const last = Math.min(count, (row(above + innerHeight + BEYOND) + 1) * columns) - 1;
    const shown = [];
    for (let index = first; index <= last; index++) shown.push(index);
    if (current < count && (current < first || current > last)) shown.push(current);
    shown.sort((a, b) => a - b);
    draw(shown, wide);
    clearTimeout(timer);
    if (count) timer = setTimeout(() => want(first, last), REST);
  };
  const draw = (shown, wide) => {
    const had = list.contains(document.activeElement);
    for (const index of cards.keys()) if (!shown.includes(index)) cards.delete(index);
    for (const index of shown) place(index, wide);
    arrange(
      list,
      shown.map(index => cards.get(index).element),
    );
    if (had && !list.contains(document.activeElement)) focus(current);
  };
  const place = (index, wide) => {
    const made = card(index);
    if (cards.get(index)?.key !== made.key) {
      const element = h("li.model-card", { "data-index": index }, made.content());
      cards.set(index, { key: made.key, element });
    }
    const { element } = cards.get(index);
    const [x, y] = [(index % columns) * (wide + GAP), Math.floor(index / columns) * height];
    element.style.transform = `translate(${x}px, ${y}px)`;
    element.setAttribute("aria-posinset", index + 1);
    element.setAttribute("aria-setsize", count);
    for (const button of element.querySelectorAll("button")) button.tabIndex = index === current ? 0 : -1;
  };
  const focus = index => cards.get(index)?.element.querySelector("button")?.focus({ preventScroll: true });
  const go = index => {
    current = Math.max(0, Math.min(count - 1, index));
    show();
    cards.get(current)?.element.scrollIntoView({ block: "nearest" });
    show();
    focus(current);
  };
  list.addEventListener("focusin", event => {
    const index = Number(event.target.closest("[data-index]")?.dataset.index ?? current);
    if (index === current) return;
    current = index;
    show();
  });
  list.addEventListener("keydown", event => {
    const page = Math.max(1, Math.floor(innerHeight / height) - 1) * columns;
    const to = {
      ArrowRight: current + 1,
      ArrowLeft: current - 1,
      ArrowDown: current + columns,
      ArrowUp: current - columns,
      PageDown: current + page,
      PageUp: current - page,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (to === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    go(to);
  });
  addEventListener("scroll", () => list.clientWidth && show(), { passive: true });
  addEventListener("resize", () => show());
  new ResizeObserver(() => show()).observe(list);
  return {
    element: list,
    show,
    focus: () => focus(current),
    setCount: value => {
      count = value;
      current = Math.max(0, Math.min(current, count - 1));
      show();
    },
    toStart: () => (current = 0),
  };
}
