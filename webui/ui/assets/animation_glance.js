// What one frame looks like: the motion alone, small, before anything is drawn; or a frame that was drawn.
import { pictureUrl, post } from "./api.js";
import { h, say } from "./dom.js";
import { emptyPart } from "./figure.js";
import { t } from "./text.js";

const PAUSE = 500; // milliseconds after a plan before its motion is asked for
const SIZE = 192;
const MOVES = ["2D", "3D"];
const LARGEST = 4; // times its size that a small picture is shown at

/** requestOf(): what the form asks for. */
export function glancePart(requestOf) {
  const canvas = h("canvas", { role: "img" });
  const image = h("img", { alt: "" });
  const words = h("p.hint");
  const empty = emptyPart("ui.animation.empty");
  const element = h("div.glance", {}, empty, canvas, image, words);
  const sheet = new Image();
  let [view, told, timer, wanted] = [null, "", 0, 0]; // the motion that is known, and of which settings

  const size = (one, width, height, most) => {
    one.style.setProperty("--ratio", width / height);
    one.style.setProperty("--most", `${width * most}px`);
  };
  const paint = () => {
    if (!view || !sheet.complete || !sheet.naturalWidth) return;
    const { at, columns, width, height } = view;
    let n = at.findIndex(one => one >= wanted);
    if (n < 0) n = at.length - 1;
    else if (n > 0 && at[n] - wanted > wanted - at[n - 1]) n--; // the nearest that there is
    const [x, y] = [(n % columns) * width, Math.floor(n / columns) * height];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d").drawImage(sheet, x, y, width, height, 0, 0, width, height);
    canvas.ariaLabel = t("ui.animation.glance.at", { frame: at[n] });
  };
  const show = one => {
    for (const part of [empty, canvas, image]) part.hidden = part !== one;
    words.hidden = one === empty;
  };
  sheet.addEventListener("load", paint);

  async function ask() {
    const request = requestOf();
    if (!MOVES.includes(request.settings.animation_mode)) return (view = null), (told = ""), show(empty);
    const { prompts, ...settings } = request.settings;
    const key = JSON.stringify([settings, request.files]);
    if (key === told) return;
    told = key;
    const moved = { ...request, settings: { ...settings, prompts: { 0: "-" } } }; // it moves before there is a prompt
    const answer = await post(`/animations/motion?size=${SIZE}`, moved).catch(() => null);
    if (told !== key) return; // overtaken
    if (!answer) return (told = "");
    view = answer;
    size(canvas, view.width, view.height, LARGEST);
    sheet.src = view.sheet;
    if (image.hidden) showMotion(wanted);
  }
  function showMotion(frame) {
    wanted = frame;
    show(view ? canvas : empty);
    say(words, t("ui.animation.glance.hint"));
    paint();
  }
  show(empty);
  return {
    element,
    showMotion,
    /** A frame of a job; null where none is there yet. */
    showFrame: (picture, frame) => {
      if (!picture) return;
      show(image);
      size(image, picture.width, picture.height, LARGEST);
      if (!image.src.endsWith(picture.id)) image.src = pictureUrl(picture.id);
      image.alt = t("ui.animation.glance.frame", { frame });
      say(words, image.alt);
    },
    /** The plan changed. */
    refresh: () => {
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
    /** Whether there is a motion to see. */
    moves: () => view !== null,
  };
}
