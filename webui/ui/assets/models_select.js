// Several models at once: chosen by a click on each, or all that were found; deleted after a question.
import { del, get, post } from "./api.js";
import { h, say } from "./dom.js";
import { addressOf, quiet } from "./models_card.js";
import { notice } from "./notice.js";
import { bytes, t, tn, word } from "./text.js";

const PIECE = 1000;

/** asked(): the question whose models are listed. onChange(): what is chosen is shown anew. changed(): models went or came. */
export function selectPart({ asked, onChange, changed }) {
  const chosen = new Map(); // id -> entry
  const said = h("p.chosen", { role: "status" });
  const start = quiet("ui.select.start", () => turn(true));
  const all = quiet("ui.select.all", () => takeAll());
  const remove = quiet("ui.select.delete", () => ask());
  const done = quiet("ui.select.done", () => turn(false));
  const buttons = h("div.buttons");
  const element = h("div.select-bar", { hidden: true }, said, buttons);
  remove.classList.add("danger");
  let on = false;

  const show = () => {
    const size = [...chosen.values()].reduce((sum, one) => sum + one.bytes, 0);
    say(said, `${tn("ui.select.count", chosen.size)}${size ? ` · ${bytes(size)}` : ""}`);
    remove.disabled = chosen.size === 0;
    buttons.replaceChildren(all, remove, done);
    onChange();
  };
  const turn = now => {
    on = now;
    chosen.clear();
    element.hidden = !on;
    start.hidden = on;
    show();
    (on ? done : start).focus({ preventScroll: true });
  };
  const toggle = entry => {
    if (!chosen.delete(entry.id)) chosen.set(entry.id, entry);
    show();
  };
  const takeAll = async () => {
    const given = Object.entries({ ...asked(), limit: PIECE }).filter(([, value]) => value !== null && value !== undefined);
    for (let offset = 0, total = 1; offset < total; offset += PIECE) {
      const page = await get(`/models?${new URLSearchParams([...given, ["offset", offset]])}`).catch(() => null);
      if (!page) break;
      total = page.total;
      for (const entry of page.entries) chosen.set(entry.id, entry);
    }
    show();
  };
  const ask = () => {
    say(said, tn("ui.select.sure", chosen.size));
    const yes = quiet("ui.models.delete", () => removeAll());
    yes.classList.add("danger");
    const no = quiet("ui.trash.no", () => (show(), remove.focus()));
    buttons.replaceChildren(no, yes);
    no.focus();
  };
  const removeAll = async () => {
    const gone = [];
    const problems = [];
    const entries = [...chosen.values()];
    for (const [i, entry] of entries.entries()) {
      say(said, t("ui.select.deleting", { n: i + 1, all: entries.length }));
      await del(addressOf(entry)).then(
        one => gone.push(one.id),
        error => problems.push(word(error.problems[0])),
      );
    }
    turn(false);
    await changed();
    const undo = gone.length ? () => restoreAll(gone) : undefined;
    notice([tn("ui.select.deleted", gone.length), problems[0]].filter(Boolean).join(" "), { undo });
  };
  const restoreAll = async ids => {
    const problems = [];
    for (const id of ids) await post(`/trash/${id}/restore`).catch(error => problems.push(word(error.problems[0])));
    await changed();
    notice([tn("ui.select.restored", ids.length - problems.length), problems[0]].filter(Boolean).join(" "));
  };
  element.addEventListener("keydown", event => event.key === "Escape" && turn(false));
  return { element, start, isOn: () => on, has: entry => chosen.has(entry.id), toggle };
}
