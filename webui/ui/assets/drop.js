// A field for pictures in a form: dropped, pasted, or chosen; shown small, with a way to take each out.
import { h, icon, iconButton, newId } from "./dom.js";
import { chooser, isVisible, takeFiles } from "./editor_intake.js";
import { frame } from "./fields.js";
import { t } from "./text.js";

/**
 * A field as those of fields.js are; `read()` gives the File or Blob (null: none), with `multiple` an array.
 * Nothing is uploaded here. What a user does raises "input" and "change" on `control`; `write` does not.
 */
export function pictureField(data, { multiple = false } = {}) {
  let held = []; // { blob, url, tile }
  const list = h("ul.held", { "aria-label": t("ui.drop.held") });
  const name = newId();
  const button = h(
    "button.drop-here",
    { type: "button", onclick: () => input.click() },
    icon("upload"),
    h("span", { id: name }, t(multiple ? "ui.drop.many" : "ui.drop.one")),
  );
  const input = chooser(files => add(files), { multiple });
  const made = frame(data, button, list, input);
  // The label names the button, and what it says stays part of the name.
  const label = made.element.querySelector("label");
  label.id = newId();
  button.setAttribute("aria-labelledby", `${label.id} ${name}`);
  made.element.classList.add("pictures");

  const show = () => {
    list.hidden = !held.length;
    made.element.classList.toggle("full-of", held.length > 0);
  };
  const changed = () => {
    show();
    for (const type of ["input", "change"]) button.dispatchEvent(new Event(type, { bubbles: true }));
  };
  const hold = blob => {
    const url = URL.createObjectURL(blob);
    const title = blob.name ?? t("ui.drop.picture");
    const one = { blob, url };
    const image = h("img", { src: url, alt: "", onerror: () => one.tile.classList.add("unshown") });
    const remove = iconButton("close", t("ui.drop.remove", { name: title }), () => {
      drop(one);
      button.focus();
    });
    one.tile = h("li", {}, image, h("span", { title }, title), remove);
    return one;
  };
  const drop = one => {
    URL.revokeObjectURL(one.url);
    one.tile.remove();
    held = held.filter(other => other !== one);
    changed();
  };
  const put = blobs => {
    for (const one of held) URL.revokeObjectURL(one.url);
    held = blobs.map(hold);
    list.replaceChildren(...held.map(one => one.tile));
    show();
  };
  const add = files => {
    put(multiple ? [...held.map(one => one.blob), ...files] : files.slice(0, 1));
    changed();
  };
  takeFiles(made.element, {
    listens: () => isVisible(made.element) && made.element.contains(document.activeElement),
    take: files => add(files),
  });
  list.hidden = true;
  return {
    ...made,
    read: () => (multiple ? held.map(one => one.blob) : (held[0]?.blob ?? null)),
    write: value => put(value ? [value].flat() : []),
  };
}
