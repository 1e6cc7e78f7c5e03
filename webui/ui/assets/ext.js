// What scripts of extensions may use of the page: `import { h, t } from "/own/ext.js"`. docs/extensions.md names all.
export { Refused, del, get, patch, post, postFile, put } from "./api.js";
export { arrange, h, icon, iconButton, newId, say } from "./dom.js";
export { editor } from "./editor.js";
export { chooser, isVisible, takeFiles } from "./editor_intake.js";
export { choice, field, line, number, text, toggle } from "./fields.js";
export { fold } from "./form.js";
export { follow, jobsNewestFirst, live, over, take } from "./live.js";
export { notice } from "./notice.js";
export { followOffers } from "./offers.js";
export { segments } from "./segments.js";
export { addTarget, itemOf, receive } from "./send.js";
export { forget, recall, remember } from "./store.js";
export { language, local, percent, t, tn, word } from "./text.js";
export { know, storedUrl, upload } from "./upload.js";
