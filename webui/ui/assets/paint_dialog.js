// The picture editor in a window of its own.
import { h, iconButton, newId } from "./dom.js";
import { editor } from "./editor.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";

/** A picture of one colour, as a file. */
export function blank(width, height, colour = "#000") {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.fillStyle = colour;
  context.fillRect(0, 0, width, height);
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * Paint on a picture. mode: "sketch" gives the picture with what was painted, "mask" a mask (null: nothing painted).
 * colour: of the brush, this time. Resolves to { blob }, or null where it was closed.
 */
export async function paint(place, { title, picture, mode, mask = null, colour = null }) {
  const brush = recall("editor.brush");
  if (colour) remember("editor.brush", { ...brush, colour });
  const easel = editor({ mode, key: null });
  if (colour && brush) remember("editor.brush", brush);
  const heading = h("h2", { id: newId() }, title);
  let taken = null;
  const done = async () => {
    taken = { blob: mode === "mask" ? await easel.mask() : await easel.picture() };
    dialog.close();
  };
  const dialog = h(
    "dialog.paint-dialog",
    { "aria-labelledby": heading.id },
    h("header", {}, heading, iconButton("close", t("ui.close"), () => dialog.close())),
    easel.element,
    h("footer", {}, h("button.primary", { type: "button", onclick: done }, t("ui.panel.use"))),
  );
  place.append(dialog);
  dialog.showModal();
  await easel.load(picture);
  if (mask) await easel.loadMask(mask);
  await new Promise(resolve => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  return taken;
}
