// The large place: the chosen picture, the one that grows, what went wrong, or an empty canvas.
import { pictureUrl, thumbnailUrl } from "./api.js";
import { overPart, sliderPart } from "./compare.js";
import { arrange, h, icon } from "./dom.js";
import { live } from "./live.js";
import { parse } from "./parameters.js";
import { t, word } from "./text.js";

const ENLARGED = 4; // a picture of a small model is shown up to so many times its size

/**
 * `onOpen()` is called when the picture is to be seen in full. home: what a tab begins with; it stays in the
 * page. empty: key of the words where there is nothing yet.
 */
export function figurePart(onOpen, { home, empty: words = "ui.empty.words" } = {}) {
  const element = h("div.figure", {}, home);
  const show = (...parts) => {
    if (home) home.hidden = !parts.includes(home);
    element.classList.toggle("at-home", parts.includes(home));
    arrange(element, home && !parts.includes(home) ? [home, ...parts] : parts);
  };
  const empty = emptyPart(words);
  const failure = h("div.failure");
  const gone = h("div.failure", {}, icon("warning"), h("p.why", {}, t("ui.results.gone")));
  const image = h("img", { alt: "", draggable: "false" });
  const name = { "aria-label": t("ui.viewer.open"), title: t("ui.viewer.open") };
  const over = overPart();
  const open = h("button.open", { type: "button", onclick: onOpen, ...name }, image, over.element);
  const slider = sliderPart();
  const film = h("video.film", { controls: true, loop: true, autoplay: true, muted: true, playsinline: true });
  const showFilm = (picture, url, alt) => {
    fit(film, picture);
    film.ariaLabel = alt;
    if (film.getAttribute("src") !== url) film.src = url;
    show(film);
  };
  const preview = h("img", { alt: "" });
  const growing = h("div.growing", { role: "img", "aria-label": t("ui.preview") }, preview);
  for (const one of [image, slider.image])
    one.addEventListener("error", () => one.isConnected && one.src && show(gone));
  preview.addEventListener(
    "load",
    () => growing.classList.contains("loose") && fit(growing, natural(preview)),
  );

  return {
    element,
    showHome: () => show(home),
    showNothing: () => show(empty),
    /** before: { url, box, fit, slider }: what it was made from, where it lies in it, as CSS has it. */
    showPicture: (picture, before) => {
      const packed = picture.media_type === "application/zip"; // whose first picture is shown
      const url = packed ? thumbnailUrl(picture.id) : pictureUrl(picture.id);
      const alt = parse(picture.infotext).prompt.slice(0, 200);
      if (picture.media_type?.startsWith("video/")) return showFilm(picture, url, alt);
      over.put(before);
      if (before?.slider) {
        fit(slider.element, picture);
        show(slider.element);
        return slider.show(url, alt, before);
      }
      fit(open, picture);
      show(open);
      image.src = url;
      image.alt = alt;
    },
    holdBefore: over.hold,
    showGrowing: job => {
      const source = live.progress.get(job.id)?.preview;
      const { width, height } = job.request;
      growing.classList.toggle("loose", !(width && height)); // then its shape is the preview's
      if (width && height) fit(growing, { width, height });
      growing.classList.toggle("blank", !source);
      preview.hidden = !source;
      if (source && preview.src !== source) preview.src = source;
      show(growing);
    },
    showFailure: job => {
      if (failure.dataset.job !== job.id) failure.replaceChildren(...failureOf(job));
      failure.dataset.job = job.id;
      show(failure);
    },
  };
}

const natural = ({ naturalWidth, naturalHeight }) => ({
  width: naturalWidth * ENLARGED,
  height: naturalHeight * ENLARGED,
});

function fit(box, { width, height }) {
  box.style.setProperty("--ratio", width / height);
  box.style.setProperty("--most", `${width * ENLARGED}px`);
}

const failureOf = job => [
  icon("warning"),
  h("h2", {}, t("ui.failed")),
  h("p.why", {}, job.problem ? word(job.problem) : t("ui.said.failed")),
  h("p.prompt", {}, job.request.prompt ?? ""),
];

export function emptyPart(words) {
  const drawing = h("img.drawing", { alt: "", width: 96, height: 96 });
  drawing.src = new URL("./easel.svg", import.meta.url);
  return h("div.empty", {}, drawing, h("h2", {}, t("ui.empty.title")), h("p", {}, t(words)));
}
