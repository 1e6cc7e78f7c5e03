// Models defined in small files: made, changed, given away and taken in; what one lacks is offered.
import { Refused, get, post, put } from "./api.js";
import { editor } from "./definition_form.js";
import { dataOf } from "./drawing.js";
import { h, iconButton, newId } from "./dom.js";
import { offerDownload } from "./known.js";
import { primary, quiet } from "./models_card.js";
import { notice } from "./notice.js";
import { followOffers, refreshOffers } from "./offers.js";
import { t, word } from "./text.js";

/** The editor. `settings`: the fields of a preset; onMade(): there is a new model. Returns { open }. */
export function definitionSheet(settings, onMade) {
  const data = dataOf(settings);
  let offers = null;
  followOffers(now => (offers = now));

  const open = async entry => {
    const told = entry ? await get(`/definitions/${entry.id}`).catch(said) : null;
    if (entry && !told && !entry.problem) return;
    const loras = await get("/models?kind=lora&limit=1000").catch(() => ({ entries: [] }));
    show(entry, told, loras.entries.filter(one => !one.problem).map(one => one.name));
  };

  const show = (entry, told, loras) => {
    const parts = editor(data, offers, loras);
    parts.write(told?.definition ?? { name: "", base: offers?.default_model ?? "" });
    const alert = h("div.alert", { role: "alert" });
    const heading = h("h2", { id: newId() }, t(entry ? "ui.definition.edit" : "ui.definition.new"));
    const close = iconButton("close", t("ui.close"), () => dialog.close());
    const done = async made => {
      dialog.close();
      await refreshOffers();
      onMade(made.entry);
      notice(t("ui.definition.saved", { title: made.definition.name }));
    };
    const trying = async act => {
      alert.replaceChildren();
      parts.clear();
      try {
        await act();
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const beside = error.problems.filter(problem => !parts.blame(problem.field, word(problem)));
        alert.replaceChildren(...beside.map(problem => h("p", {}, word(problem))));
      }
    };
    const save = event => {
      event.preventDefault();
      trying(async () => {
        const values = parts.read();
        done(await (entry ? put(`/definitions/${entry.id}`, values) : post("/definitions", values)));
      });
    };
    const take = file =>
      trying(async () => done(await post("/definitions/import", { text: await file.text() })));
    const go = primary("ui.definition.save", () => {});
    go.type = "submit";
    const fields = h("form.use", { novalidate: true, onsubmit: save }, parts.elements, alert, h("div.buttons", {}, go));
    const about = h(
      "div.about",
      {},
      h("header", {}, heading, close),
      h("p.hint", {}, t("ui.definition.hint")),
      entry ? givePart(entry, told, onMade) : takePart(take),
      fields,
    );
    const dialog = h("dialog.model-sheet", { "aria-labelledby": heading.id }, about);
    if (!entry) takeDrops(dialog, take);
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
    parts.focus();
  };
  return { open };
}

const said = error => {
  notice(error.message);
  return null;
};

/** Files that it lacks, each with a button that asks and brings it; and the file itself. */
function givePart(entry, told, onMade) {
  const bring = async one => {
    const { source, sha256, file_name, kind } = one;
    const what = { source, sha256, file_name, to: kind };
    const facts = t(`ui.models.is.${kind}`);
    if (await offerDownload({ title: one.name, facts, what })) {
      await refreshOffers();
      onMade(entry);
    }
  };
  const missing = (told?.missing ?? []).map(one =>
    h(
      "li",
      {},
      h("strong", {}, one.name),
      one.source
        ? h("button.quiet", { type: "button", onclick: () => bring(one) }, t("ui.models.download"))
        : h("span.hint", {}, t("ui.definition.nowhere")),
    ),
  );
  const file = h("a.quiet", { href: `/api/v1/definitions/${entry.id}/file`, download: true }, t("ui.definition.export"));
  return h(
    "section",
    {},
    missing.length ? h("h3", {}, t("ui.definition.missing")) : null,
    missing.length ? h("ul.missing", {}, missing) : null,
    told ? file : null,
  );
}

function takePart(take) {
  const input = h("input", { type: "file", accept: ".toml", hidden: true });
  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  return h("div.buttons", {}, quiet("ui.definition.import", () => input.click()), input);
}

function takeDrops(dialog, take) {
  dialog.addEventListener("dragover", event => event.preventDefault());
  dialog.addEventListener("drop", event => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) take(file);
  });
}
