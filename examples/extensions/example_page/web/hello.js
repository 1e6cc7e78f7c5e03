// A button below pictures that needs no server, and a word in the language of the page.
import { addPictureAction, notice, textsOf } from "easel";

export function mount({ extension }) {
  const t = textsOf(extension);
  addPictureAction({ en: t("hello"), pl: t("hello") }, item => notice(`${t("hello")}: ${item.ref ?? ""}`));
}
