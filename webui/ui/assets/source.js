// The picture that a tab begins with: an editor, a place for what is wrong with it, and its way to the server.
import { h, say } from "./dom.js";
import { editor } from "./editor.js";
import { percent, t } from "./text.js";
import { know, upload } from "./upload.js";

/** mode, key, onChange: as the editor's. Its problems are those of the field `image`. */
export function sourcePart(form, { mode, key, onChange = () => {} }) {
  const problem = h("p.problem", { role: "alert", hidden: true });
  const sending = h("p.sending", { role: "status", hidden: true });
  const below = h("div.below");
  const watchers = [onChange];
  const picture = editor({
    mode,
    key,
    onChange: () => {
      clear();
      for (const watch of watchers) watch();
    },
  });
  const element = h("div.source", {}, picture.element, problem, sending, below);
  const image = h("img", { alt: "", draggable: "false" });
  watchers.push(thumbnail(image, picture));
  picture.ready.then(watchers.at(-1));
  const blame = sentence => {
    say(problem, sentence);
    problem.hidden = !sentence;
  };
  const clear = () => blame("");
  const control = () => picture.element.querySelector("button:not([hidden]), [tabindex]");
  const place = { element, blame, clear, control: { focus: () => control()?.focus() } };
  for (const name of ["image", "mask"]) form.place(name, place);
  form.begins = () => picture.original();

  const onProgress = share => {
    sending.hidden = share === null;
    if (share !== null) say(sending, t("ui.uploading", { share: percent(share) }));
  };
  const sent = async (blob, field) => (blob ? (await upload(blob, { field, onProgress })).id : null);
  return {
    element,
    below,
    /** What a stage shows where no result is chosen. */
    home: { element, title: t("ui.stage.picture"), image },
    editor: picture,
    onChange: watcher => watchers.push(watcher),
    /** What a request calls the picture as it is now; null where there is none. */
    image: async () => sent(await picture.picture(), "image"),
    mask: async () => sent(await picture.mask(), "mask"),
    /** Put a picture in (see send.js); resolves to a function that puts the former one back. */
    load: async (item, options) => {
      const before = await picture.picture();
      const mask = mode === "mask" ? await picture.mask() : null;
      const blob = await item.blob();
      know(blob, item.ref);
      await picture.load(blob, options);
      return async () => {
        if (!before) return picture.clear();
        await picture.load(before);
        if (mask) await picture.loadMask(mask);
      };
    },
  };
}

/** Keeps an image element at what the editor holds. */
function thumbnail(image, editor) {
  let shown = null;
  return () => {
    const blob = editor.original();
    if (blob === shown) return;
    shown = blob;
    if (image.src) URL.revokeObjectURL(image.src);
    if (blob) image.src = URL.createObjectURL(blob);
    else image.removeAttribute("src");
  };
}
