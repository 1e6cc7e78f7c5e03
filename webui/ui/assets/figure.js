// The large place: the chosen picture, the one that grows, what went wrong, or an empty canvas.
import { pictureUrl } from "./api.js";
import { arrange, h, icon } from "./dom.js";
import { live } from "./live.js";
import { parse } from "./parameters.js";
import { t, word } from "./text.js";

const ENLARGED = 4; // a picture of a small model is shown up to so many times its size

/** `onOpen()` is called when the picture is to be seen in full. */
export function figurePart(onOpen) {
  const element = h("div.figure");
  const empty = emptyPart();
  const failure = h("div.failure");
  const gone = h("div.failure", {}, icon("warning"), h("p.why", {}, t("ui.results.gone")));
  const image = h("img", { alt: "", draggable: "false" });
  const words = { "aria-label": t("ui.viewer.open"), title: t("ui.viewer.open") };
  const open = h("button.open", { type: "button", onclick: onOpen, ...words }, image);
  const preview = h("img", { alt: "" });
  const growing = h("div.growing", { role: "img", "aria-label": t("ui.preview") }, preview);
  image.addEventListener("error", () => open.isConnected && arrange(element, [gone]));

  return {
    element,
    showNothing: () => arrange(element, [empty]),
    showPicture: picture => {
      fit(open, picture);
      arrange(element, [open]);
      image.src = pictureUrl(picture.id);
      image.alt = parse(picture.infotext).prompt.slice(0, 200);
    },
    showGrowing: job => {
      const source = live.progress.get(job.id)?.preview;
      fit(growing, job.request);
      growing.classList.toggle("blank", !source);
      preview.hidden = !source;
      if (source && preview.src !== source) preview.src = source;
      arrange(element, [growing]);
    },
    showFailure: job => {
      if (failure.dataset.job !== job.id) failure.replaceChildren(...failureOf(job));
      failure.dataset.job = job.id;
      arrange(element, [failure]);
    },
  };
}

function fit(box, { width, height }) {
  box.style.setProperty("--ratio", width / height);
  box.style.setProperty("--most", `${width * ENLARGED}px`);
}

const failureOf = job => [
  icon("warning"),
  h("h2", {}, t("ui.failed")),
  h("p.why", {}, job.problem ? word(job.problem) : t("ui.said.failed")),
  h("p.prompt", {}, job.request.prompt),
];

function emptyPart() {
  const drawing = h("img.drawing", { alt: "", width: 96, height: 96 });
  drawing.src = new URL("./easel.svg", import.meta.url);
  return h("div.empty", {}, drawing, h("h2", {}, t("ui.empty.title")), h("p", {}, t("ui.empty.words")));
}
