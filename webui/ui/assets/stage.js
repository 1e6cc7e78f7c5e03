// The right side: the chosen picture, or the one that grows now, and all that belongs to it.
import { downloadUrl, pictureUrl } from "./api.js";
import { h, icon } from "./dom.js";
import { figurePart } from "./figure.js";
import { currentJob, follow, isActive } from "./live.js";
import { copyButton, parse, seedOf, table } from "./parameters.js";
import { progressPart } from "./progress.js";
import { sendButtons } from "./send.js";
import { items, stripPart } from "./strip.js";
import { t, word } from "./text.js";
import { viewer } from "./viewer.js";

export function stagePart() {
  const caption = h("div.caption");
  const look = viewer();
  let chosen = null; // null: whatever is newest
  let drawn = null; // the picture that is shown

  const pick = list => list.find(item => item.id === chosen) ?? newest(list);
  const choose = id => {
    chosen = id;
    show();
  };
  const full = id => {
    const pictures = items().flatMap(item => item.picture ?? []);
    const at = pictures.findIndex(picture => picture.id === id);
    look.open(pictures, at, choose);
  };
  const figure = figurePart(() => full(drawn));
  const strip = stripPart(choose, full);

  const showPicture = picture => {
    if (drawn === picture.id) return;
    figure.showPicture(picture);
    caption.replaceChildren(...captionOf(picture));
  };
  const show = () => {
    const list = items();
    const item = pick(list);
    strip.show(list, item?.id);
    if (item?.picture) showPicture(item.picture);
    else caption.replaceChildren();
    drawn = item?.picture?.id ?? null;
    if (!item) figure.showNothing();
    else if (!item.picture) (isActive(item.job) ? figure.showGrowing : figure.showFailure)(item.job);
  };

  const parts = [figure.element, progressPart(), strip.element, caption];
  const element = h("section.stage", { "aria-label": t("ui.results") }, parts);
  follow(show);
  return {
    element,
    /** Look at what is made now, wherever one has scrolled to. */
    follow: () => {
      choose(null);
      figure.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    },
    /** The seed of the picture one looks at, or null. */
    seed: () => {
      const item = pick(items());
      return item?.picture ? seedOf(item.picture) : null;
    },
  };
}

/** Where nothing was chosen: the running job, else the last picture (or failure) there is. */
function newest(list) {
  const current = currentJob();
  if (current) return list.find(item => item.id === current.id);
  const first = list[0];
  return first?.picture ? list.filter(item => item.job.id === first.job.id).at(-1) : first;
}

function captionOf(picture) {
  const blob = async () => (await fetch(pictureUrl(picture.id))).blob();
  const words = { "aria-label": t("ui.download"), title: t("ui.download") };
  const download = h("a.tool", { href: downloadUrl(picture.id), download: "", ...words }, icon("download"));
  const sends = sendButtons("results", () => ({ blob }));
  return [
    picture.problem && h("p.problem", { role: "alert" }, word(picture.problem)),
    h("div.tools", {}, sends, copyButton(picture.infotext), download),
    table(parse(picture.infotext)),
    picture.file && h("p.file", {}, picture.file),
  ].filter(Boolean);
}
