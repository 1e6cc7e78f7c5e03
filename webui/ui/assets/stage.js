// The right side: the chosen picture, or the one that grows now, and all that belongs to it. Where a tab
// begins with a picture, that one stands here, too (`home`), first in the strip.
import { downloadUrl } from "./api.js";
import { holdButton } from "./compare.js";
import { h, icon } from "./dom.js";
import { figurePart } from "./figure.js";
import { currentJob, follow, isActive } from "./live.js";
import { copyButton, parse, seedOf, table } from "./parameters.js";
import { progressPart } from "./progress.js";
import { itemOf, sendButtons } from "./send.js";
import { recall, remember } from "./store.js";
import { HOME, itemsOf, stripPart } from "./strip.js";
import { t, word } from "./text.js";
import { viewer } from "./viewer.js";

const GUESTS = 100;

/**
 * kinds: of the jobs that are shown. home: { element, title, image } of what a tab begins with.
 * choices(picture, job, { hold }): elements below the picture; hold: a button that shows what it was before.
 * tools(picture, job): elements among what can be done with it.
 * before(picture, job): what it came from, to be compared (see figure.js). hides(picture): is not shown;
 * fresh(picture): is marked. empty: key of the words where there is nothing yet.
 */
export function stagePart({
  name,
  kinds,
  home,
  choices = () => [],
  tools = () => [],
  before,
  hides,
  fresh,
  empty,
}) {
  const caption = h("div.caption");
  const chooser = h("div.choices");
  const look = viewer();
  const belongs = guests(name, kinds);
  let chosen = home ? HOME : null; // null: whatever is newest
  let drawn = null; // the picture that is shown
  let said = ""; // what came of its job, in words

  const items = () => itemsOf(belongs, hides, home);
  const pick = list => list.find(item => item.id === chosen) ?? newest(list);
  const choose = id => {
    chosen = id;
    show();
  };
  const full = id => {
    const pictures = items().flatMap(item => item.picture ?? []).filter(picture => !picture.media_type?.startsWith("video/"));
    const at = pictures.findIndex(picture => picture.id === id);
    if (at >= 0) look.open(pictures, at, choose); // a film is seen in full by its own button
  };
  const figure = figurePart(() => full(drawn), { home: home?.element, empty });
  const strip = stripPart(choose, full, fresh);

  const showPicture = ({ picture, job }) => {
    if (drawn === picture.id && said === (job.text ?? "")) return;
    said = job.text ?? ""; // it comes after the picture, when the job is finished
    figure.showPicture(picture, before?.(picture, job));
    caption.replaceChildren(...captionOf(picture, tools(picture, job), job.text));
    chooser.replaceChildren(
      ...choices(picture, job, { hold: holdButton(t("ui.compare.hold"), figure.holdBefore) }),
    );
  };
  const show = () => {
    const list = items();
    const item = pick(list);
    strip.show(list, item?.id);
    if (item?.picture) showPicture(item);
    else [caption, chooser].forEach(part => part.replaceChildren());
    drawn = item?.picture?.id ?? null;
    if (item?.id === HOME) figure.showHome();
    else if (!item) figure.showNothing();
    else if (!item.picture) (isActive(item.job) ? figure.showGrowing : figure.showFailure)(item.job);
  };

  const parts = [figure.element, chooser, progressPart(), strip.element, caption];
  const element = h("section.stage", { "aria-label": t("ui.results") }, parts);
  follow(show);
  return {
    element,
    /** Look at what is made now, wherever one has scrolled to. */
    follow: job => {
      if (job) belongs.invite(job);
      choose(null);
      figure.element.scrollIntoView({ block: "nearest", behavior: "smooth" });
    },
    goHome: () => choose(HOME),
    choose,
    /** Away from a picture that is hidden now: to the next of these, or home. */
    leave: wanted => choose(items().find(item => item.picture && wanted(item.picture))?.id ?? HOME),
    /** Draw anew what hangs on the tab's own state. */
    refresh: () => {
      drawn = null;
      show();
    },
    /** The seed of the picture one looks at, or null. */
    seed: () => {
      const item = pick(items());
      return item?.picture ? seedOf(item.picture) : null;
    },
  };
}

/** Which jobs are shown: those of the tab's kinds, and those that became another kind on the way. */
function guests(name, kinds) {
  const place = `${name}.guests`;
  const ids = new Set(recall(place) ?? []);
  const belongs = job => kinds.includes(job.request.kind) || ids.has(job.id);
  const invite = job => {
    if (belongs(job)) return;
    ids.add(job.id);
    remember(place, [...ids].slice(-GUESTS));
  };
  return Object.assign(belongs, { invite });
}

/** Where nothing was chosen: the running job, else the last picture (or failure), else what one begins with. */
function newest(list) {
  const current = currentJob();
  const running = current && list.find(item => item.id === current.id);
  if (running) return running;
  const first = list.find(item => item.id !== HOME);
  if (!first) return list[0];
  return first.picture || first.unknown ? list.filter(item => item.job?.id === first.job.id && !item.unknown).at(-1) ?? first : first;
}

function captionOf(picture, tools, text) {
  const words = { "aria-label": t("ui.download"), title: t("ui.download") };
  const download = h("a.tool", { href: downloadUrl(picture.id), download: "", ...words }, icon("download"));
  const sends = picture.media_type.startsWith("image/") && sendButtons(null, () => itemOf(picture));
  return [
    picture.problem && h("p.problem", { role: "alert" }, word(picture.problem)),
    text && h("p.told", { role: "status" }, text),
    h("div.tools", {}, tools, sends || [], copyButton(picture.infotext), download),
    table(parse(picture.infotext)),
    picture.file && h("p.file", {}, picture.file),
  ].filter(Boolean);
}
