// How pictures come in: chosen, dropped, pasted.
import { h } from "./dom.js";

const isPicture = file => file.type.startsWith("image/");

/** A file input that nobody sees, and that gives each choice to `take(files)`. */
export function chooser(take, attributes = {}) {
  const input = h("input.unseen", {
    type: "file",
    accept: "image/*",
    tabindex: -1,
    "aria-hidden": "true",
    ...attributes,
    onchange: () => {
      const files = [...input.files];
      input.value = ""; // so that the same file can be chosen again
      if (files.length) take(files);
    },
  });
  return input;
}

/** Words in a text box are meant for the box, whatever picture of them is in the clipboard, too (office programs). */
const isText = ({ target, clipboardData }) =>
  Boolean(target.closest?.("textarea, input, [contenteditable]")) && clipboardData.types.includes("text/plain");

/** Files dropped on the element, and pictures pasted while `listens(target)`, go to `take(files)`. */
export function takeFiles(element, { listens, take }) {
  let inside = 0; // dragenter and dragleave come for every child, too
  const over = count => {
    inside = count;
    element.classList.toggle("over", inside > 0);
  };
  const carries = event => event.dataTransfer?.types.includes("Files");
  element.addEventListener("dragenter", event => carries(event) && over(inside + 1));
  element.addEventListener("dragleave", event => carries(event) && over(Math.max(0, inside - 1)));
  element.addEventListener("dragover", event => carries(event) && event.preventDefault());
  element.addEventListener("drop", event => {
    over(0);
    if (event.defaultPrevented || !event.dataTransfer.files.length) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
  addEventListener("paste", event => {
    const files = [...(event.clipboardData?.files ?? [])].filter(isPicture);
    if (!files.length || event.defaultPrevented || isText(event) || !listens(event.target)) return;
    event.preventDefault();
    take(files);
  });
}

export const isVisible = element => element.isConnected && element.getClientRects().length > 0;
