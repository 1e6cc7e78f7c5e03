// Accepted edits of a picture, one after the other, with the way back: each step names a picture and its mask.
import { Refused } from "./api.js";
import { h, iconButton, say } from "./dom.js";
import { notice } from "./notice.js";
import { fetched } from "./send.js";
import { recall, remember } from "./store.js";
import { t, word } from "./text.js";
import { storedUrl } from "./upload.js";

const MOST = 100;

/** source: the part of source.js whose picture is edited. */
export function editsPart(key, source) {
  let { steps, at } = recall(key) ?? { steps: [], at: 0 };
  let own = null; // the Blob that we know to be step `at`
  const undo = iconButton("undo", t("ui.edits.undo"), () => step(-1));
  const redo = iconButton("redo", t("ui.edits.redo"), () => step(1));
  const place = h("span.place", { role: "status" });
  const element = h(
    "div.edits",
    { role: "group", "aria-label": t("ui.edits"), hidden: true },
    undo,
    redo,
    place,
  );

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
    const { image, mask } = steps[to];
    const [blob, painted] = await Promise.all([image, mask].map(ref => ref && fetched(storedUrl(ref))));
    steps[at] = await now();
    at = to;
    await put({ ref: image, blob: async () => blob });
    if (painted) await source.editor.loadMask(painted);
    keep();
  };
  let busy = false;
  /** One at a time; where a picture is gone, or the server is, all stays as it is. */
  const trying = async act => {
    if (busy) return false;
    busy = true;
    try {
      await act();
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      notice(word(error.problems[0]));
      return false;
    } finally {
      busy = false;
    }
  };
  const step = by => steps[at + by] && trying(() => go(at + by));
  const now = async () => ({ image: await source.image(), mask: await source.mask() });

  source.editor.ready.then(() => {
    own ??= source.editor.original();
    source.onChange(() => {
      const picture = source.editor.original();
      if (picture === own) return;
      own = picture; // another picture was put in: its edits begin anew
      [steps, at] = [[], 0];
      keep();
    });
  });
  show();
  return {
    element,
    /** A result takes the picture's place; whether it could. */
    accept: (item, keepMask) =>
      trying(async () => {
        const blob = await item.blob();
        const before = source.editor.hasPicture() ? [await now()] : [];
        steps = [...steps.slice(0, at), ...before, { image: item.ref, mask: null }].slice(-MOST);
        at = steps.length - 1;
        await put({ ref: item.ref, blob: async () => blob }, keepMask);
        keep();
      }),
    undo: () => step(-1),
    /** Another picture's edits begin; returns the way back to those there were. */
    restart: () => {
      const before = { steps, at };
      [steps, at] = [[], 0];
      keep();
      return () => {
        own = source.editor.original();
        ({ steps, at } = before);
        keep();
      };
    },
  };
}
