// The menu of networks: those that fit the chosen base model, and what to do where none does.
import { choice, get, h } from "easel";

const AGAIN = 1000; // milliseconds; the list is read piece by piece
const STALE = 5000;
const cache = { answer: null, until: 0 };
const pause = () => new Promise(done => setTimeout(done, AGAIN));

/** All networks there are, one answer for all units; asked for again when it is some seconds old. */
function networks() {
  if (Date.now() > cache.until) {
    cache.until = Infinity; // while it is on its way
    cache.answer = ask();
    cache.answer.then(() => (cache.until = Date.now() + STALE));
  }
  return cache.answer;
}

/** Asks until all are read; also where no answer came. */
async function ask() {
  for (;;) {
    const page = await get("/models?kind=controlnet&limit=1000").catch(() => null);
    if (page?.whole) return page.entries;
    await pause();
  }
}

/** `told()` is called when more is known of the chosen network: its `family()`. */
export function modelField({ t, model }, { read, update, told }) {
  const field = choice({ name: "model", label: "ext.controlnet.model", choices: [{ value: null, label: t("model.none") }] });
  const note = h("p.hint", { role: "status", hidden: true });
  field.element.append(note);
  let entries = [];

  const show = () => {
    const family = model()?.family;
    const usable = entries.filter(one => !one.problem);
    const fits = usable.filter(one => one.family === family || !family);
    const unknown = usable.filter(one => family && !one.family);
    const row = (one, group) => ({ value: one.name, label: one.title || one.name, group });
    field.offer([
      { value: null, label: t("model.none") },
      ...fits.map(one => row(one)),
      ...unknown.map(one => row(one, t("model.unknown"))),
    ]);
    field.write(read().model);
    say(family, fits.length + unknown.length, usable.length);
  };
  const say = (family, fitting, all) => {
    const chosen = entries.find(one => one.name === read().model);
    const wrong = chosen?.family && family && chosen.family !== family;
    const key = wrong ? "model.wrong" : !all ? "model.nothing" : !fitting ? "model.misfit" : "";
    note.textContent = key ? t(key, { family: family ?? "", name: read().model ?? "" }) : "";
    note.hidden = !key;
    told();
  };
  let left = false;
  const load = async () => {
    entries = await networks();
    if (!left) show();
  };
  field.write(read().model);
  field.control.addEventListener("input", () => {
    field.clear();
    update({ model: field.read() });
    show();
  });
  field.control.addEventListener("focus", load);
  load();
  const family = () => entries.find(one => one.name === read().model)?.family ?? null;
  return { ...field, suit: show, family, leave: () => (left = true) };
}
