// Pictures that the server keeps for a form: dropped, pasted, chosen or sent; there again after a reload.
import { Refused } from "./api.js";
import { arrange, h, icon, iconButton, newId, say } from "./dom.js";
import { chooser, isVisible, takeFiles } from "./editor_intake.js";
import { recall, remember } from "./store.js";
import { percent, t, word } from "./text.js";
import { know, storedUrl, upload } from "./upload.js";

/**
 * key: where it is kept. label, words: of the button. field: whose problems are told here.
 * tile(one): more elements for a picture's row. onChange(list): after every change.
 * A picture is { ref, title, width, height } and whatever `made(one, list)` adds to it.
 */
export function storedPictures({
  key,
  label,
  words,
  field,
  tile = () => [],
  accept = "image/*",
  made = one => one,
  onChange = () => {},
}) {
  let held = recall(key) ?? [];
  const rows = new Map();
  const list = h("ul.held", { "aria-label": t(label) });
  const problem = h("p.problem", { role: "alert", hidden: true });
  const sending = h("p.sending", { role: "status", hidden: true });
  const name = newId();
  const input = chooser(files => addFiles(files), { multiple: true, accept });
  const button = h(
    "button.drop-here",
    { type: "button", "aria-labelledby": name, onclick: () => input.click() },
    icon("upload"),
    h("span", { id: name }, t(words)),
  );
  const element = h("div.field.pictures", { "data-field": field }, button, input, list, sending, problem);
  const blame = sentence => {
    say(problem, sentence);
    problem.hidden = !sentence;
  };

  const row = one => {
    if (!rows.has(one.ref)) {
      const image = lookOf(one);
      image.addEventListener("error", () => rows.get(one.ref)?.classList.add("unshown"));
      const leave = iconButton("close", t("ui.drop.remove", { name: one.title }), () => remove(one));
      const size = one.width ? h("small", {}, `${one.width} × ${one.height}`) : "";
      const title = h("span.title", { title: one.title }, one.title, size);
      rows.set(one.ref, h("li", {}, image, title, tile(one, changed), leave));
    }
    return rows.get(one.ref);
  };
  const show = () => {
    arrange(list, held.map(row));
    list.hidden = held.length === 0;
    element.classList.toggle("full-of", held.length > 0);
  };
  const changed = () => {
    remember(key, held);
    show();
    onChange(held);
  };
  const remove = one => {
    held = held.filter(other => other !== one);
    rows.delete(one.ref);
    changed();
    button.focus();
  };
  const add = async blob => {
    const title = blob.name ?? t("ui.drop.picture");
    const onProgress = share => {
      sending.hidden = share === null;
      if (share !== null) say(sending, t("ui.uploading", { share: percent(share) }));
    };
    try {
      const { id, ...size } = await upload(blob, { field, onProgress });
      const { width, height } = size.width || isSound(size.media_type) ? size : await sizeOf(blob);
      if (held.some(one => one.ref === id)) return;
      held = [...held, made({ ref: id, title, width, height, media: size.media_type }, held)];
      changed();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      blame(`${title}: ${word(error.problems[0])}`);
    }
  };
  const addFiles = async files => {
    blame("");
    for (const file of files) await add(file);
  };
  takeFiles(element, {
    listens: () => isVisible(element) && element.contains(document.activeElement),
    take: files => addFiles(files),
  });
  show();
  return {
    element,
    control: button,
    blame,
    clear: () => blame(""),
    pictures: () => held,
    /** Put in what was sent (see send.js); a result is not sent to the server again. */
    take: async item => {
      const blob = await item.blob();
      know(blob, item.ref);
      await addFiles([blob]);
    },
    /** Others in their place, as `pictures` tells them. */
    hold: pictures => {
      held = pictures;
      rows.clear();
      changed();
    },
    removeAll: () => {
      held = [];
      rows.clear();
      changed();
    },
  };
}

const isSound = media => Boolean(media?.startsWith("audio/"));

/** A picture, the first one of a film, or a sign of a sound. */
function lookOf({ ref, media }) {
  if (isSound(media)) return h("span.sound", { "aria-hidden": "true" }, "♪");
  const look = { src: storedUrl(ref), muted: true, playsinline: true, preload: "metadata" };
  return media?.startsWith("video/") ? h("video", look) : h("img", { src: look.src, alt: "", loading: "lazy" });
}

/** Of a picture that the browser can read; it came from the server, so it can. */
async function sizeOf(blob) {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  bitmap.close();
  return { width, height };
}
