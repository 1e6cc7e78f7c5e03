// The public surface for scripts of extensions: import { … } from "easel". docs/extensions.md names all.
import { t } from "./text.js";

export { Refused, del, get, patch, pictureUrl, post, postFile, put } from "./api.js";
export { arrange, h, icon, iconButton, newId, say } from "./dom.js";
export { editor } from "./editor.js";
export { chooser, isVisible, takeFiles } from "./editor_intake.js";
export { choice, field, line, firstOf, number, numberOrSchedule, text, toggle } from "./fields.js";
export { fold } from "./form.js";
export { follow, jobsNewestFirst, live, over, take } from "./live.js";
export { notice } from "./notice.js";
export { followOffers } from "./offers.js";
export { blank, paint } from "./paint_dialog.js";
export { addPictureAction } from "./picture_actions.js";
export { segments } from "./segments.js";
export { addTarget, itemOf, receive, showTab } from "./send.js";
export { forget, recall, remember } from "./store.js";
export { bytes, language, local, percent, t, tn, word } from "./text.js";
export { know, storedUrl, upload } from "./upload.js";

/** `const t = textsOf("paint"); t("hello", { name })`: the texts of an extension's own locales. */
export const textsOf = extension => (key, values) => t(`ext.${extension}.${key}`, values);
