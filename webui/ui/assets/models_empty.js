// What to do where there is no model: put files into a folder, or look for something else.
import { h } from "./dom.js";
import { copyButton } from "./parameters.js";
import { t } from "./text.js";

/** `clear()`: show all there is. */
export function emptyPart(clear) {
  const element = h("div.empty-of", { hidden: true });
  const show = (page, question) => {
    element.hidden = !page || page.total > 0 || !page.whole;
    if (element.hidden) return;
    const looked = question.search || question.family !== null;
    element.replaceChildren(...(looked ? nothing(clear) : none(page.folders, question.kind)));
  };
  return { element, show };
}

const nothing = clear => [
  h("h3", {}, t("ui.models.nothing")),
  h("p", {}, t("ui.models.nothing.hint")),
  h("button.quiet", { type: "button", onclick: clear }, t("ui.models.nothing.clear")),
];

function none(folders, kind) {
  const folder = folders[kind ?? "checkpoint"];
  return [
    h("h3", {}, t("ui.models.none")),
    h("p", {}, t("ui.models.none.where")),
    h("p.folder", {}, h("code", {}, folder), copyButton(folder, t("ui.models.none.copy"))),
    h("p.hint", {}, t("ui.models.none.more")),
  ];
}
