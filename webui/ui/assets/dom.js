// Making elements. Users' words only ever become text nodes and attributes, never HTML.

/** h("button.quiet", { type: "button", onclick: f }, "Text", child) */
export function h(tag, attributes = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const element = document.createElement(name);
  if (classes.length) element.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  element.append(
    ...children.flat().filter(child => child !== null && child !== undefined && child !== false),
  );
  return element;
}

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else element.setAttribute(key, value === true ? "" : value);
}

let count = 0;
/** An id that no other element of the page has. */
export const newId = () => `easel-${++count}`;

const PATHS = {
  dice: "M5 3h14a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2zM8 8h.01M16 8h.01M12 12h.01M8 16h.01M16 16h.01",
  reuse: "M17 2l4 4-4 4M3 11V9a3 3 0 0 1 3-3h15M7 22l-4-4 4-4M21 13v2a3 3 0 0 1-3 3H3",
  swap: "M7 4L3 8l4 4M3 8h14M17 12l4 4-4 4M21 16H7",
  download: "M12 3v12M7 10l5 5 5-5M4 20h16",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  check: "M4 12l5 5L20 6",
  close: "M6 6l12 12M18 6L6 18",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  warning: "M12 3.5L2.5 20h19zM12 10v4.5M12 17.2v.1",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9.5h.01",
  upload: "M12 16V4M7 8l5-5 5 5M4 16v4h16v-4",
  brush: "M14.5 4.5l5 5L11 18H6v-5zM3 21h8",
  eraser: "M13 4l7 7-8.5 8.5H8L4 15.5zM9 8.5l6.5 6.5M12 20h8",
  rectangle: "M4 6h16v12H4z",
  lasso: "M12 4c5 0 9 2.5 9 6s-4 6-9 6-9-2.5-9-6 4-6 9-6zM6.5 14.5c-2 1-2 3.5.5 3.5s2.5 2 1 3",
  hand: "M12 3v18M3 12h18M9.5 5.5L12 3l2.5 2.5M9.5 18.5L12 21l2.5-2.5M5.5 9.5L3 12l2.5 2.5M18.5 9.5L21 12l-2.5 2.5",
  pick: "M14 6l4 4M19.5 8.5a2.5 2.5 0 0 0-4-4L12 8l4 4zM13 9l-8 8-1 3 3-1 8-8",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h3",
  wipe: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13M10 11v5M14 11v5",
  invert: "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18zM12 3v18M12 7h3.5M12 11h5M12 15h4.5",
  eye: "M2 12s3.5-6.5 10-6.5S22 12 22 12s-3.5 6.5-10 6.5S2 12 2 12zM12 9a3 3 0 1 0 0 6 3 3 0 1 0 0-6z",
  plus: "M12 5v14M5 12h14",
  minus: "M5 12h14",
  fit: "M4 9V4h5M20 15v5h-5M15 4h5v5M9 20H4v-5M9 9h6v6H9z",
  refresh: "M20 11a8 8 0 1 0-2.3 6.3M20 4v7h-7",
  full: "M4 9V4h5M20 15v5h-5M15 4h5v5M9 20H4v-5",
  picture: "M4 5h16v14H4zM4 16l5-5 5 5 2.5-2.5L20 17M15.5 9h.01",
};

/** A line drawing of 24 by 24 units; decoration only, so name its button. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that is only a picture: `label` is its name and its tooltip. */
export function iconButton(name, label, onclick) {
  return h("button.tool", { type: "button", "aria-label": label, title: label, onclick }, icon(name));
}

/** Make these the children. What stays is not touched, so that focus and scrolling stay, too. */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const node of [...parent.childNodes]) if (!wanted.has(node)) node.remove();
  children.forEach((child, i) => {
    if (parent.childNodes[i] !== child) parent.insertBefore(child, parent.childNodes[i] ?? null);
  });
}

/** Set text only when it changes: a live region would read it again. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
