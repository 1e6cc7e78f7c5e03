// All about one model: a sheet at the side, on a phone over everything.
import { Refused, get, patch } from "./api.js";
import { h, iconButton, newId } from "./dom.js";
import { number, toggle } from "./fields.js";
import { addressOf, familyName, kindName, marks, picture, primary, quiet, titleOf } from "./models_card.js";
import { deletePart } from "./models_delete.js";
import { factsPart } from "./models_facts.js";
import { computeHashes } from "./models_jobs.js";
import { addEmbedding, addLora, changePrompt, withWords } from "./models_prompt.js";
import { copyButton } from "./parameters.js";
import { t, word } from "./text.js";

/** acts: { use, makeDefault, isDefault, onChange, onDeleted }, each called with the entry. */
export function modelSheet(acts) {
  const body = h("div.about");
  const dialog = h("dialog.model-sheet", { "aria-labelledby": newId() }, body);
  dialog.addEventListener("click", event => {
    const beside = event.target === dialog && event.clientX < dialog.getBoundingClientRect().left;
    if (beside) dialog.close();
  });
  dialog.addEventListener("close", () => {
    shown = null;
    dialog.remove();
  });
  let shown = null;

  /** The same model again keeps the place, the focus and notes that are not saved yet. */
  const show = entry => {
    const draft = shown?.id === entry.id ? body.querySelector(".notes.unsaved textarea")?.value : undefined;
    const had = body.contains(document.activeElement);
    const { scrollTop } = dialog;
    shown = entry;
    body.replaceChildren(...content(dialog, entry, sheet));
    dialog.scrollTop = scrollTop;
    if (draft !== undefined) write(body.querySelector(".notes textarea"), draft);
    if (had) body.querySelector(".use button, header button").focus({ preventScroll: true });
  };
  const sheet = {
    ...acts,
    close: () => dialog.close(),
    keep: entry => {
      shown = entry;
      acts.onChange(entry);
    },
    change: entry => {
      acts.onChange(entry);
      if (dialog.open && shown?.id === entry.id) show(entry);
    },
  };
  return {
    refresh: () => shown && show(shown),
    open: async entry => {
      show(entry);
      document.body.append(dialog);
      dialog.showModal();
      dialog.scrollTop = 0;
      const now = await get(addressOf(entry)).catch(() => null);
      const same = JSON.stringify(now) === JSON.stringify(entry);
      if (now && !same && dialog.open && shown === entry) show(now);
    },
  };
}

function write(box, words) {
  box.value = words;
  box.dispatchEvent(new Event("input"));
}

function content(dialog, entry, sheet) {
  const title = h("h2", { id: dialog.getAttribute("aria-labelledby") }, titleOf(entry));
  const kind = [kindName(entry), entry.family && familyName(entry.family), entry.variant];
  const alert = h("div.alert", { role: "alert" });
  const trying = async act => {
    alert.replaceChildren();
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      alert.replaceChildren(h("p", {}, word(error.problems[0])));
      alert.scrollIntoView({ block: "nearest" });
      return null;
    }
  };
  return [
    h("header", {}, title, iconButton("close", t("ui.close"), sheet.close)),
    entry.preview ? picture(entry, 1024) : null,
    h("p.kinds", {}, kind.filter(Boolean).join(" · "), marks(entry, sheet.isDefault(entry))),
    entry.problem && h("p.problem", {}, word(entry.problem)),
    alert,
    entry.problem ? null : usePart(entry, sheet, trying),
    entry.format === "definition" && redefinePart(entry, sheet),
    wordsPart(entry, sheet),
    notesPart(entry, sheet, trying),
    factsPart(entry, { hash: () => trying(() => hash(entry, sheet)) }),
    deletePart(entry, sheet, trying),
  ].filter(Boolean);
}

async function hash(entry, sheet) {
  await computeHashes({ of: entry.kind, model: entry.name });
  sheet.change(await get(addressOf(entry)));
}

function usePart(entry, sheet, trying) {
  const make = { checkpoint: checkpointUse, lora: loraUse, embedding: embeddingUse }[entry.kind];
  return make ? h("div.use", {}, make(entry, sheet, trying)) : null;
}

function checkpointUse(entry, sheet, trying) {
  const use = primary("ui.models.use", () => {
    sheet.close();
    sheet.use(entry);
  });
  const set = () => trying(() => sheet.makeDefault(entry).then(() => sheet.change(entry)));
  return h("div.buttons", {}, use, !sheet.isDefault(entry) && quiet("ui.models.make_default", set));
}

function redefinePart(entry, sheet) {
  const change = () => {
    sheet.close();
    sheet.redefine(entry);
  };
  return h("div.buttons", {}, quiet("ui.definition.edit", change));
}

function weightField(value, slider) {
  const field = number({ name: "weight", kind: "number", label: "ui.models.weight", step: 0.05, slider });
  field.write(value);
  const read = () => (Number.isFinite(field.read()) ? field.read() : value);
  return { element: field.element, read };
}

function loraUse(entry, sheet) {
  const weight = weightField(entry.weight ?? 1, [-1, 2, 0.05]);
  const some = entry.trigger_words.length > 0;
  const words = toggle({ name: "words", label: "ui.models.add.words" });
  words.write(some);
  const add = primary("ui.models.add", () => {
    sheet.close();
    addLora(entry, weight.read(), words.read() ? entry.trigger_words : []);
  });
  return [weight.element, some && words.element, h("div.buttons", {}, add)];
}

function embeddingUse(entry, sheet) {
  const weight = weightField(1, [0, 2, 0.05]);
  const add = field => () => {
    sheet.close();
    addEmbedding(entry, weight.read(), field);
  };
  const buttons = [
    primary("ui.models.add", add("prompt")),
    quiet("ui.models.add.negative", add("negative_prompt")),
  ];
  return [weight.element, h("div.buttons", {}, buttons)];
}

function wordsPart({ trigger_words: words }) {
  if (!words.length) return null;
  const add = one => () => changePrompt(prompt => withWords(prompt, [one]), one);
  const chips = words.map(one => h("button.chip", { type: "button", onclick: add(one) }, one));
  const head = h("div.head", {}, h("h3", {}, t("ui.models.words")), copyAll(words));
  return h("section", {}, head, h("div.list", {}, chips), h("p.hint", {}, t("ui.models.words.hint")));
}

const copyAll = words => copyButton(words.join(", "), t("ui.models.words.copy"));

function notesPart(entry, sheet, trying) {
  const id = newId();
  const placeholder = t("ui.models.notes.placeholder");
  const box = h("textarea", { id, rows: 2, maxlength: 10000, placeholder });
  box.value = entry.notes ?? "";
  const saved = h("span.state-of", { role: "status" });
  const save = quiet("ui.models.notes.save", () =>
    trying(async () => {
      const now = await patch(addressOf(entry), { notes: box.value });
      sheet.keep(now);
      turn(false);
      saved.textContent = t("ui.models.notes.saved");
    }),
  );
  box.addEventListener("input", () => {
    turn(true);
    saved.textContent = "";
  });
  const field = h("div.field", {}, h("label", { for: id }, t("ui.models.notes")), box);
  const section = h("section.notes", {}, field, h("div.buttons", {}, save, saved));
  const turn = unsaved => {
    save.disabled = !unsaved;
    section.classList.toggle("unsaved", unsaved);
  };
  turn(false);
  return section;
}
