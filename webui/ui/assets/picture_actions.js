// Buttons of extensions below a picture: those that their servers add, and those of their scripts.
import { Refused, post } from "./api.js";
import { h } from "./dom.js";
import { take } from "./live.js";
import { notice } from "./notice.js";
import { local, t, word } from "./text.js";

const ofScripts = [];

/** A script's button: `run({ ref, blob() })` is called with the picture. */
export const addPictureAction = (title, run) => ofScripts.push({ title, run });

/** The buttons for a picture; `item()` gives it when one is pressed. */
export const actionButtons = item =>
  [...(window.easel.actions ?? []).map(ofServer), ...ofScripts].map(action =>
    h("button.chip", { type: "button", onclick: () => act(action, item()) }, local(action.title)),
  );

const ofServer = ({ extension, id, title }) => ({
  title,
  run: async ({ ref }) => {
    if (!ref?.startsWith("picture:")) return notice(t("ui.extensions.results_only"));
    const { text, job } = await post(`/extensions/${extension}/actions/${id}`, { picture: ref.slice(8) });
    if (job) take(job);
    if (text || job) notice(text ?? t("ui.extensions.queued", { title: local(title) }));
  },
});

async function act(action, item) {
  try {
    await action.run(item);
  } catch (error) {
    notice(error instanceof Refused ? word(error.problems[0]) : String(error.message ?? error));
  }
}
