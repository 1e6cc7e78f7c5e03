// A menu of the files of one kind of models: those that fit the chosen model, and what may be chosen besides.
import { get } from "./api.js";
import { h, say } from "./dom.js";
import { choice } from "./fields.js";
import { local, t } from "./text.js";

const [AGAIN, STALE] = [1000, 5000]; // milliseconds; the list is read piece by piece
const known = new Map(); // kind -> { at, page: a promise }

/** All files of a kind; asked for again when the last answer is some seconds old. */
function filesOf(kind) {
  const before = known.get(kind);
  if (before && Date.now() - before.at < STALE) return before.page;
  const page = whole(`/models?kind=${encodeURIComponent(kind)}&limit=1000`);
  known.set(kind, { at: Date.now(), page });
  page.catch(() => known.delete(kind)); // no answer: the next one who asks asks again
  return page;
}

async function whole(address) {
  for (;;) {
    const page = await get(address);
    if (page.whole) return page;
    await new Promise(done => setTimeout(done, AGAIN));
  }
}

export function modelMenu(data, around) {
  const besides = Object.entries(data.words ?? {}).map(([value, words]) => ({ value, label: local(words) || value }));
  const none = data.default === undefined ? null : ""; // of `str | None`, and of `str`
  if (!data.default && !("" in (data.words ?? {}))) besides.unshift({ value: "", label: t("ui.panel.none") });
  const field = choice({ ...data, choices: besides });
  const note = h("p.hint", { role: "status", hidden: true });
  field.element.append(note);
  let page = null;
  const tell = () => {
    const family = around.model()?.family;
    const files = page?.entries ?? [];
    const chosen = files.find(one => one.name === field.read());
    const wrong = chosen?.family && family && chosen.family !== family;
    const empty = page && !files.length && !data.words;
    const folder = page?.folders?.[data.models] ?? `models/${data.models}`;
    say(note, wrong ? t("ui.panel.models.wrong", { family }) : empty ? t("ui.panel.models.none", { folder }) : "");
    note.hidden = !note.textContent;
  };
  const show = () => {
    const family = around.model()?.family;
    const usable = (page?.entries ?? []).filter(one => !one.problem);
    const told = usable.some(one => one.family);
    const row = one => ({ value: one.name, label: one.title || one.name });
    const unknown = usable.filter(one => !one.family).map(row);
    field.offer([
      ...besides,
      ...usable.filter(one => one.family && (!family || one.family === family)).map(row),
      ...unknown.map(one => ({ ...one, group: told ? t("ui.panel.models.unknown") : undefined })),
    ]);
    tell();
  };
  const load = async () => {
    page = await filesOf(data.models).catch(() => page);
    show();
  };
  field.control.addEventListener("focus", load);
  field.control.addEventListener("input", tell);
  load();
  const write = value => {
    field.write(value);
    tell();
  };
  return { ...field, read: () => field.read() ?? none, write, suit: show };
}
