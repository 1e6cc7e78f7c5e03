// Deleting a model for good, after a second question.
import { del } from "./api.js";
import { h, newId } from "./dom.js";
import { addressOf, quiet } from "./models_card.js";
import { bytes, t } from "./text.js";

/** `trying(act)` tells what goes wrong. */
export function deletePart(entry, sheet, trying) {
  const place = h("section.delete");
  const remove = async () => {
    await del(addressOf(entry));
    sheet.close();
    sheet.onDeleted(entry);
  };
  const ask = () => {
    const gaps = { name: entry.name, size: bytes(entry.bytes) };
    const keep = quiet("ui.models.delete.no", () => (offer(), place.querySelector("button").focus()));
    const yes = h(
      "button.quiet.danger",
      { type: "button", onclick: () => trying(remove) },
      t("ui.models.delete.yes"),
    );
    const sure = h("p", { id: newId() }, t("ui.models.delete.sure", gaps));
    yes.setAttribute("aria-describedby", sure.id);
    place.replaceChildren(sure, h("div.buttons", {}, yes, keep));
    keep.focus();
  };
  const offer = () => place.replaceChildren(quiet("ui.models.delete", ask));
  offer();
  return place;
}
