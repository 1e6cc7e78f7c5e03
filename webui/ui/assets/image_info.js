// Image info: a picture dropped, pasted or chosen, what it says of its making, and where to send it.
import { postFile } from "./api.js";
import { h, icon } from "./dom.js";
import { fold } from "./form.js";
import { copyButton, parse, table } from "./parameters.js";
import { addTarget, itemOfFile, sendButtons } from "./send.js";
import { t, word } from "./text.js";

const HERE = "image_info";
let picture = null; // outlives the tab, which is drawn when first visited
let draw = () => {};

async function look(blob) {
  picture = { blob, url: URL.createObjectURL(blob), known: null, problem: null };
  const asked = picture;
  draw();
  try {
    asked.known = await postFile("/infotext", blob);
  } catch (error) {
    asked.problem = word(error.problems[0]);
  }
  if (asked === picture) draw();
}

addTarget(HERE, { take: async item => look(await item.blob()) });

export function mount({ element }) {
  const input = h("input.unseen", {
    type: "file",
    accept: "image/*",
    onchange: () => input.files[0] && look(input.files[0]),
  });
  const shown = h("img", { alt: t("ui.info.chosen"), hidden: true });
  const invite = h(
    "span.invite",
    {},
    icon("upload"),
    h("strong", {}, t("ui.info.drop")),
    h("span", {}, t("ui.info.paste")),
  );
  const drop = h("label.drop", {}, input, shown, invite);
  const result = h("section.found", { "aria-live": "polite" });
  element.replaceChildren(
    h(
      "div.page.info",
      {},
      h("h2", {}, t("ui.tab.image_info")),
      h("p.lead", {}, t("ui.info.lead")),
      h("div.sheet", {}, drop, result),
    ),
  );

  const isFile = event => event.dataTransfer?.types.includes("Files");
  const over = on => drop.classList.toggle("over", on);
  drop.addEventListener("dragover", event => isFile(event) && (event.preventDefault(), over(true)));
  drop.addEventListener("dragleave", () => over(false));
  drop.addEventListener("drop", event => {
    event.preventDefault();
    over(false);
    if (event.dataTransfer.files[0]) look(event.dataTransfer.files[0]);
  });
  addEventListener("paste", event => {
    const file = [...event.clipboardData.files].find(one => one.type.startsWith("image/"));
    if (file && drop.offsetParent) look(file);
  });

  draw = () => {
    shown.hidden = !picture;
    drop.classList.toggle("full", Boolean(picture));
    if (picture) shown.src = picture.url;
    result.replaceChildren(...(picture ? found(picture) : []));
  };
  draw();
}

function found({ blob, known, problem }) {
  if (problem) return [h("p.problem", { role: "alert" }, problem)];
  if (!known) return [h("p.lead", {}, t("ui.info.reading"))];
  const sends = sendButtons(HERE, () => itemOfFile(blob));
  if (!known.infotext) return [sends, h("p.lead", {}, t("ui.info.nothing"))];
  return [
    h("div.tools", {}, sends, copyButton(known.infotext)),
    table(parse(known.infotext)),
    fold("info.raw", t("ui.info.raw"), h("pre.raw", { tabindex: 0 }, known.infotext)),
  ];
}
