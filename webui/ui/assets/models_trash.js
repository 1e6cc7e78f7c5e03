// The trash: deleted models, to be put back or, after a second question, deleted for good.
import { del, get } from "./api.js";
import { h, iconButton } from "./dom.js";
import { quiet } from "./models_card.js";
import { restore } from "./models_delete.js";
import { notice } from "./notice.js";
import { bytes, day, t, word } from "./text.js";

/** changed(): something is back, or gone. Returns { element, load }. */
export function trashPart(changed) {
  const list = h("ul.copies");
  const title = h("h3", {}, t("ui.trash"));
  const foot = h("div.buttons");
  const element = h("section.trash", {}, title, list, foot);

  const gone = async path => {
    try {
      await del(path);
    } catch (error) {
      notice(word(error.problems[0]));
    }
    await changed();
  };
  const rowOf = one => {
    const name = one.title || one.name.split("/").at(-1);
    const facts = [t(`ui.models.is.${one.kind}`), bytes(one.bytes), t("ui.trash.since", { day: day(one.deleted) })];
    const words = h("div.words", {}, h("strong", { title: `${one.folder}/${one.files[0]}` }, name), h("small", {}, facts.join(" · ")));
    const back = quiet("ui.trash.restore", () => restore(one.id, changed));
    back.setAttribute("aria-label", `${t("ui.trash.restore")}: ${name}`);
    const drop = iconButton("close", t("ui.trash.drop", { name }), () => ask(t("ui.trash.drop.sure", { name }), `/trash/${one.id}`));
    return h("li", {}, words, back, drop);
  };
  /** The question takes the place of the button, so that no second click on the same spot answers it. */
  const ask = (question, path) => {
    const yes = quiet("ui.trash.yes", () => gone(path));
    yes.classList.add("danger");
    const no = quiet("ui.trash.no", load);
    foot.replaceChildren(h("p", { role: "alert" }, question), no, yes);
    no.focus();
  };
  const load = async () => {
    const trash = await get("/trash").catch(() => null);
    if (!trash) return;
    const some = trash.models.length > 0;
    list.replaceChildren(...(some ? trash.models.map(rowOf) : [h("li.hint", {}, t("ui.trash.nothing"))]));
    const size = bytes(trash.bytes);
    const all = quiet("ui.trash.empty", () => ask(t("ui.trash.empty.sure", { size }), "/trash"));
    foot.replaceChildren(...(some ? [all, h("span.hint", {}, size)] : []));
  };
  return { element, load };
}
