// The editor's keys: they count while it has the focus, or nothing has and the pointer is over it.
const PAN = 60;
const NOTCH = 1.12;

const isTyping = event =>
  event.target.closest?.("textarea, select, [contenteditable], input:not([type=range], [type=color])");

/** `acts`: what buttons do, too; `state`: { space, over }. Listens as long as the page lives. */
export function keys(element, view, acts, state) {
  const concerns = event => {
    if (!view.lens.picture || isTyping(event) || !element.isConnected) return false;
    return element.contains(document.activeElement) || (state.over && document.activeElement === document.body);
  };
  const onView = () => [view.element, document.body].includes(document.activeElement);
  const pan = (x, y) => onView() && (view.lens.pan(x, y), true);
  const plain = {
    b: () => acts.choose("brush"),
    e: () => acts.choose("eraser"),
    r: () => acts.choose("rectangle"),
    l: () => acts.choose("lasso"),
    p: () => acts.choose("pick"),
    h: () => acts.choose("hand"),
    i: acts.invert,
    x: acts.toggle,
    f: acts.full,
    "[": () => acts.size(1 / NOTCH),
    "]": () => acts.size(NOTCH),
    "+": acts.zoomIn,
    "=": acts.zoomIn,
    "-": acts.zoomOut,
    0: acts.fit,
    1: acts.actual,
    delete: () => (onView() ? acts.wipe() : false),
    escape: acts.leave,
    arrowleft: () => pan(PAN, 0),
    arrowright: () => pan(-PAN, 0),
    arrowup: () => pan(0, PAN),
    arrowdown: () => pan(0, -PAN),
  };
  const commanded = event => {
    if (event.key.toLowerCase() === "z") return event.shiftKey ? acts.redo : acts.undo;
    return event.key.toLowerCase() === "y" ? acts.redo : null;
  };
  document.addEventListener("keydown", event => {
    if (event.defaultPrevented || !concerns(event)) return;
    if (event.key === " " && onView()) {
      state.space = true;
      element.classList.add("holding");
      event.preventDefault();
      return;
    }
    if (event.altKey) return;
    const run = event.ctrlKey || event.metaKey ? commanded(event) : plain[event.key.toLowerCase()];
    if (run && run() !== false) event.preventDefault();
  });
  const release = () => {
    state.space = false;
    element.classList.remove("holding");
  };
  document.addEventListener("keyup", event => event.key === " " && release());
  addEventListener("blur", release);
}
