// A picture put into words by an extension that can; the words go into the prompt.
import { Refused, post } from "./api.js";
import { h } from "./dom.js";
import { choice } from "./fields.js";
import { over, take } from "./live.js";
import { notice } from "./notice.js";
import { local, t, word } from "./text.js";

/** A menu of those that can, and a button; hidden while there is none. `source`: see source.js. */
export function captionPart(form, source) {
  const menu = choice({ name: "_captioner", label: "ui.field.captioner", choices: [] });
  const button = h("button.quiet", { type: "button" }, t("ui.caption"));
  const element = h("div.part", { hidden: true }, form.add(menu), button);
  const describe = async () => {
    button.disabled = true;
    try {
      const request = { kind: "caption", image: await source.image(), captioner: menu.read() };
      const job = await post("/jobs", request);
      take(job);
      write(await over(job.id));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      for (const one of error.problems) form.blame(one.field, word(one)) || notice(word(one));
    } finally {
      button.disabled = false;
    }
  };
  const write = ({ text, problem }) => {
    if (!text) return notice(problem ? word(problem) : t("ui.caption.nothing"));
    const undo = form.keep();
    form.set("prompt", text);
    notice(t("ui.caption.done"), { undo });
  };
  button.addEventListener("click", describe);
  const offer = ({ captioners }) => {
    element.hidden = !captioners.length;
    menu.offer(toolChoices(captioners));
    if (!menu.read() && captioners.length) menu.write(captioners[0].name);
  };
  return { element, offer };
}

/** Extensions' tools as choices of a menu. */
export const toolChoices = tools =>
  tools.map(({ name, title }) => ({ value: name, label: local(title) || name }));
