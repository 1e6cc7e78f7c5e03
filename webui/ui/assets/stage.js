// The right side: the chosen picture, or the one that grows now, and all that belongs to it.
import { downloadUrl, pictureUrl } from "./api.js";
import { arrange, h, icon } from "./dom.js";
import { currentJob, follow, isActive, live } from "./live.js";
import { copyButton, parse, seedOf, table } from "./parameters.js";
import { progressPart } from "./progress.js";
import { sendButtons } from "./send.js";
import { items, stripPart } from "./strip.js";
import { t, word } from "./text.js";
import { viewer } from "./viewer.js";

const ENLARGED = 4; // a picture of a small model is shown up to so many times its size

export function stagePart() {
  const image = h("img", { alt: "", draggable: "false" });
  const open = h("button.open", { type: "button", "aria-label": t("ui.viewer.open"), title: t("ui.viewer.open") }, image);
  const growing = h("div.growing", { role: "img", "aria-label": t("ui.preview") }, h("img", { alt: "" }));
  const empty = emptyPart();
  const failure = h("div.failure");
  const gone = h("div.failure", {}, icon("warning"), h("p.why", {}, t("ui.results.gone")));
  const figure = h("div.figure", {}, empty);
  const caption = h("div.caption");
  const look = viewer();
  let chosen = null; // null: whatever is newest
  let drawn = "";

  const pick = list => list.find(item => item.id === chosen) ?? newest(list);
  const choose = id => {
    chosen = id;
    show();
  };
  const full = id => {
    const pictures = items().filter(item => item.picture);
    look.open(pictures.map(item => item.picture), pictures.findIndex(item => item.id === id), choose);
  };
  const strip = stripPart(choose, full);
  image.addEventListener("error", () => open.isConnected && arrange(figure, [gone]));
  open.onclick = () => full(pick(items()).id);

  const show = () => {
    const list = items(), item = pick(list);
    strip.show(list, item?.id);
    if (!item) arrange(figure, [empty]);
    else if (item.picture) showPicture(item);
    else if (isActive(item.job)) showGrowing(item.job);
    else showFailure(item.job);
    if (!item?.picture) caption.replaceChildren();
  };
  const fit = (box, { width, height }) => {
    box.style.setProperty("--ratio", width / height);
    box.style.setProperty("--most", `${width * ENLARGED}px`);
  };
  const showPicture = ({ picture }) => {
    if (drawn === picture.id && caption.childElementCount) return;
    fit(open, picture);
    arrange(figure, [open]);
    drawn = picture.id;
    image.src = pictureUrl(picture.id);
    image.alt = parse(picture.infotext).prompt.slice(0, 200);
    caption.replaceChildren(...captionOf(picture));
  };
  const showGrowing = job => {
    const preview = live.progress.get(job.id)?.preview;
    const { width, height } = job.request;
    fit(growing, { width: width ?? 512, height: height ?? 512 });
    growing.classList.toggle("blank", !preview);
    const small = growing.firstElementChild;
    small.hidden = !preview;
    if (preview && small.src !== preview) small.src = preview;
    arrange(figure, [growing]);
  };
  const showFailure = job => {
    const sentence = job.problem ? word(job.problem) : t("ui.said.failed");
    if (failure.dataset.job !== job.id)
      failure.replaceChildren(icon("warning"), h("h2", {}, t("ui.failed")), h("p.why", {}, sentence), h("p.prompt", {}, job.request.prompt));
    failure.dataset.job = job.id;
    arrange(figure, [failure]);
  };

  const element = h("section.stage", { "aria-label": t("ui.results") }, figure, progressPart(), strip.element, caption);
  follow(show);
  return {
    element,
    /** Look at what is made now, wherever one has scrolled to. */
    follow: () => {
      choose(null);
      figure.scrollIntoView({ block: "nearest", behavior: "smooth" });
    },
    /** The seed of the picture one looks at, or null. */
    seed: () => {
      const item = pick(items());
      return item?.picture ? seedOf(item.picture) : null;
    },
  };
}

/** What to show when nothing was chosen: the running job, else the last picture (or failure) there is. */
function newest(list) {
  const current = currentJob();
  if (current) return list.find(item => item.id === current.id);
  const first = list[0];
  return first?.picture ? list.filter(item => item.job.id === first.job.id).at(-1) : first;
}

const emptyPart = () => h("div.empty", {}, easel(), h("h2", {}, t("ui.empty.title")), h("p", {}, t("ui.empty.words")));

function easel() {
  const image = h("img.drawing", { alt: "", width: 96, height: 96 });
  image.src = new URL("./easel.svg", import.meta.url);
  return image;
}

function captionOf(picture) {
  const known = parse(picture.infotext);
  const blob = async () => (await fetch(pictureUrl(picture.id))).blob();
  const tools = h("div.tools", {},
    sendButtons("results", () => ({ blob })),
    copyButton(picture.infotext),
    h("a.tool", { href: downloadUrl(picture.id), download: "", "aria-label": t("ui.download"), title: t("ui.download") }, icon("download")));
  return [
    picture.problem && h("p.problem", { role: "alert" }, word(picture.problem)),
    tools, table(known),
    picture.file && h("p.file", {}, picture.file),
  ].filter(Boolean);
}
