// Accepted edits of a picture, one after the other, with the way back: each step names a picture and its mask.
import { pictureUrl } from "./api.js";
import { h, iconButton, say } from "./dom.js";
import { recall, remember } from "./store.js";
import { t } from "./text.js";
import { storedUrl } from "./upload.js";

const MOST = 100;
const urlOf = ref => (ref.startsWith("picture:") ? pictureUrl(ref.slice("picture:".length)) : storedUrl(ref));
const fetched = async ref => {
  const answer = await fetch(urlOf(ref));
  if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
  return answer.blob();
};

/** source: the part of source.js whose picture is edited. */
export function editsPart(key, source) {
  let { steps, at } = recall(key) ?? { steps: [], at: 0 };
  let own = null; // the Blob that we know to be step `at`
  const undo = iconButton("undo", t("ui.edits.undo"), () => go(at - 1));
  const redo = iconButton("redo", t("ui.edits.redo"), () => go(at + 1));
  const place = h("span.place", { role: "status" });
  const element = h("div.edits", { role: "group", "aria-label": t("ui.edits"), hidden: true }, undo, redo, place);

  const show = () => {
    element.hidden = steps.length < 2;
    undo.disabled = at < 1;
    redo.disabled = at >= steps.length - 1;
    say(place, steps.length < 2 ? "" : t("ui.edits.place", { n: at, all: steps.length - 1 }));
  };
  const keep = () => {
    remember(key, { steps, at });
    show();
  };
  const put = async (item, keepMask = false) => {
    own = await item.blob();
    await source.load({ ref: item.ref, blob: async () => own }, { keepMask });
  };
  const go = async to => {
    steps[at] = await now();
    at = to;
    const { image, mask } = steps[at];
    await put({ ref: image, blob: () => fetched(image) });
    if (mask) await source.editor.loadMask(await fetched(mask));
    keep();
  };
  const now = async () => ({ image: await source.image(), mask: await source.mask() });

  source.editor.ready.then(async () => {
    own ??= await source.editor.picture();
    source.onChange(async () => {
      const picture = await source.editor.picture();
      if (picture === own) return;
      own = picture; // another picture was put in: its edits begin anew
      [steps, at] = [[], 0];
      keep();
    });
  });
  show();
  return {
    element,
    /** A result takes the picture's place. */
    accept: async (item, keepMask) => {
      const before = source.editor.hasPicture() ? [await now()] : [];
      steps = [...steps.slice(0, at), ...before, { image: item.ref, mask: null }].slice(-MOST);
      at = steps.length - 1;
      await put(item, keepMask);
      keep();
    },
    undo: () => go(at - 1),
  };
}
