// A sheet with LoRAs and embeddings to choose from: looked for by words, into the prompt by a click.
import { get } from "./api.js";
import { h, iconButton, newId, say } from "./dom.js";
import { toggle } from "./fields.js";
import { familyName, picture, quiet, titleOf } from "./models_card.js";
import { addEmbedding, addLora, callable, nameIn } from "./models_prompt.js";
import { without } from "./networks_text.js";
import { copyButton } from "./parameters.js";
import { segments } from "./segments.js";
import { bytes, t, tn, word } from "./text.js";

const TYPING = 200; // milliseconds after the last letter
const MOST = 60;
const KINDS = ["lora", "embedding"];

/** itemsOf(field): what a text of the form names. Returns { open, show }. */
export function networkPicker(form, { model, itemsOf }) {
  const choices = KINDS.map(value => ({ value, label: t(`ui.models.of.${value}`) }));
  const kind = segments({ name: "kind", label: "ui.models.kind", quiet: true, choices });
  const fits = toggle({ name: "fits", label: "ui.networks.fits" });
  const id = newId();
  const box = h("input", { type: "search", id, maxlength: 500, autocomplete: "off", placeholder: t("ui.models.search.hint") });
  const search = h("div.field.search", {}, h("label", { for: id }, t("ui.models.search")), box);
  const count = h("p.count", { role: "status" });
  const list = h("ul.found-models");
  const heading = h("h2", { id: newId() }, t("ui.networks.title"));
  const close = iconButton("close", t("ui.close"), () => dialog.close());
  const head = h("header", {}, heading, close);
  const about = h("div.about", {}, head, kind.element, search, fits.element, count, list);
  const dialog = h("dialog.model-sheet.picker", { "aria-labelledby": heading.id }, about);
  let page = null;
  let asked = 0;
  let timer = 0;

  const question = () => {
    const family = fits.read() && !fits.element.hidden ? model()?.family : null;
    const values = { kind: kind.read(), search: box.value.trim(), family, limit: MOST };
    return new URLSearchParams(Object.entries(values).filter(([, value]) => value));
  };
  const ask = async () => {
    clearTimeout(timer);
    const mine = ++asked;
    const answer = await get(`/models?${question()}`).catch(() => null);
    if (mine !== asked || !answer) return;
    page = answer;
    if (!page.whole) timer = setTimeout(ask, 1000);
    show();
  };
  const show = () => {
    if (!dialog.open || !page) return;
    const had = list.contains(document.activeElement) && document.activeElement.dataset.id;
    const none = page.total === 0 && page.whole;
    say(count, none ? "" : [tn("ui.models.count", page.total), page.total > MOST ? t("ui.networks.more") : ""].join(" "));
    list.replaceChildren(...(none ? [nothing()] : page.entries.map(row)));
    if (had) list.querySelector(`[data-id="${had}"]`)?.focus({ preventScroll: true });
  };
  const nothing = () => {
    const folder = page.folders[kind.read()];
    if (box.value.trim() || !fits.element.hidden && fits.read()) return h("li.hint", {}, t("ui.models.nothing"));
    return h("li.hint", {}, t("ui.models.none.where"), " ", h("code", {}, folder), copyButton(folder, t("ui.models.none.copy")));
  };
  const row = entry => {
    const facts = [entry.family && familyName(entry.family), bytes(entry.bytes), entry.trigger_words[0]];
    const said = entry.problem ? word(entry.problem) : facts.filter(Boolean).join(" · ");
    const words = h("div.words", {}, h("strong", { title: entry.name }, titleOf(entry)), h("small", {}, said));
    return h("li", {}, h("span.small", {}, picture(entry, 96)), words, entry.problem ? null : h("div.buttons", {}, buttons(entry)));
  };
  const buttons = entry =>
    entry.kind === "lora"
      ? [toggled(entry, "prompt", "ui.networks.add", () => addLora(entry))]
      : [
          toggled(entry, "prompt", "ui.networks.add", () => addEmbedding(entry)),
          toggled(entry, "negative_prompt", "ui.networks.add.negative", () => addEmbedding(entry, 1, "negative_prompt")),
        ];
  /** A button that puts it into a text, or takes it out again. */
  const toggled = (entry, field, label, add) => {
    const names = [nameIn(entry), callable(entry), entry.name].map(one => one.toLowerCase());
    const there = itemsOf(field).find(one => one.kind === entry.kind && names.includes(one.name.toLowerCase()));
    const run = () => (there ? form.set(field, without(form.value(field), there)) : add());
    const button = quiet(label, run);
    button.setAttribute("aria-pressed", Boolean(there));
    button.setAttribute("aria-label", `${t(label)}: ${titleOf(entry)}`);
    button.dataset.id = `${entry.id} ${field}`;
    return button;
  };
  const restart = () => {
    fits.element.hidden = kind.read() !== "lora" || !model()?.family;
    list.scrollTop = 0;
    ask();
  };
  kind.write("lora");
  fits.write(true);
  for (const one of [kind.control, fits.control]) one.addEventListener("input", restart);
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, TYPING);
  });
  dialog.addEventListener("click", event => {
    if (event.target === dialog && event.clientX < dialog.getBoundingClientRect().left) dialog.close();
  });
  dialog.addEventListener("close", () => {
    clearTimeout(timer);
    dialog.remove();
  });
  const open = () => {
    document.body.append(dialog);
    dialog.showModal();
    restart();
    box.focus();
  };
  return { open, show };
}
