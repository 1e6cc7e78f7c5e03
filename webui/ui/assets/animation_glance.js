// What one frame looks like: the motion alone, small, before anything is drawn; or a frame that was drawn.
import { pictureUrl, post } from "./api.js";
import { h, say } from "./dom.js";
import { emptyPart } from "./figure.js";
import { t, word } from "./text.js";

const PAUSE = 500; // milliseconds after a plan before its motion is asked for
const SIZE = 192;
const STILL = "Interpolation"; // the mode in which nothing moves
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
  let [still, said, wrong] = [false, "", ""]; // nothing moves: what is said instead; why there is no motion

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
    words.hidden = one === empty && !still && !wrong;
  };
  sheet.addEventListener("load", paint);

  async function ask() {
    const request = requestOf();
    still = request.settings.animation_mode === STILL;
    if (still) return (view = null), (told = wrong = ""), image.hidden && showMotion(wanted, said);
    const { prompts, ...settings } = request.settings;
    const told3D = settings.animation_mode === "3D" && Object.keys(prompts).length > 0; // they tell whose depths were saved
    const moved = { ...request, settings: { ...settings, prompts: told3D ? prompts : { 0: "-" } } }; // it moves before there is a prompt
    const key = JSON.stringify([moved.settings, request.files]);
    if (key === told) return;
    told = key;
    const answer = await post(`/animations/motion?size=${SIZE}`, moved).catch(error => ({ problems: error.problems ?? [] }));
    if (told !== key) return; // overtaken
    const noFilm = settings.animation_mode === "Video Input" && answer.problems?.length;
    wrong = noFilm ? (answer.problems[0].code === "animation_no_file" ? t("ui.animation.glance.no_film") : word(answer.problems[0])) : "";
    if (answer.problems) told = "";
    if (noFilm) view = null;
    if (answer.problems) return noFilm && image.hidden && showMotion(wanted);
    view = answer;
    size(canvas, view.width, view.height, LARGEST);
    sheet.src = view.sheet;
    if (image.hidden) showMotion(wanted);
  }
  /** blend: what the frame is made of, where nothing moves. */
  function showMotion(frame, blend = "") {
    [wanted, said] = [frame, blend];
    show(view ? canvas : empty);
    say(words, still ? said || t("ui.animation.glance.still") : wrong || hint());
    paint();
  }
  const hint = () => {
    if (view?.shows === "film") return t("ui.animation.glance.film");
    return t((view?.depth ?? "none") === "none" ? "ui.animation.glance.hint" : `ui.animation.glance.depth.${view.depth}`);
  };
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
    /** The plan changed, and with it what the frame is made of. */
    refresh: blend => {
      said = blend;
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
    /** Whether there is a motion to see. */
    moves: () => view !== null,
  };
}
