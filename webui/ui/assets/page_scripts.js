// Scripts of extensions, each by itself: one that fails says so, and the page and the others go on.
import { notice } from "./notice.js";
import { t } from "./text.js";

/** Load all; a module's `mount({ extension })` is called once, when the frame of the page is there. */
export const loadScripts = () => Promise.all((window.easel.scripts ?? []).map(load));

async function load({ extension, url }) {
  try {
    const module = await import(url);
    await module.mount?.({ extension });
  } catch (error) {
    console.error(error);
    notice(t("ui.extensions.script", { name: extension, reason: String(error.message ?? error).slice(0, 200) }));
  }
}
