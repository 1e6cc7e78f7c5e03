// Deleting a model: it goes to the trash at once, and a click brings it back.
import { del, post } from "./api.js";
import { h } from "./dom.js";
import { addressOf, quiet, titleOf } from "./models_card.js";
import { notice } from "./notice.js";
import { t, word } from "./text.js";

/** `trying(act)` tells what goes wrong. */
export function deletePart(entry, sheet, trying) {
  const remove = async () => {
    const { id } = await del(addressOf(entry));
    sheet.close();
    sheet.onDeleted(entry);
    notice(t("ui.models.deleted", { name: titleOf(entry) }), { undo: () => restore(id, sheet.onDeleted) });
  };
  const button = quiet("ui.models.delete", () => trying(remove));
  button.classList.add("danger");
  return h("section.delete", {}, button, h("p.hint", {}, t("ui.models.delete.hint")));
}

/** Put a model of the trash back. */
export async function restore(id, onDone) {
  try {
    const { name } = await post(`/trash/${id}/restore`);
    await onDone();
    notice(t("ui.trash.restored", { name }));
  } catch (error) {
    notice(word(error.problems[0]));
  }
}
