// Words for the prompt while it is typed: a list below the box, which never holds the typing up.
import { get, h, language, newId, textsOf } from "easel";
import { replaced, wordAt } from "./words.js";

const TYPING = 80; // milliseconds after the last letter
const SHORTEST = 2;
const NETWORKS = 5;

export function mount({ extension }) {
  const t = textsOf(extension);
  const list = h("ul.completions", { id: newId(), role: "listbox", "aria-label": t("list"), hidden: true });
  let box = null; // whose words are offered
  let found = [];
  let chosen = -1;
  let comma = true;
  let asked = 0;
  let timer = 0;

  const close = () => {
    clearTimeout(timer);
    asked++;
    list.hidden = true;
    for (const name of ["aria-controls", "aria-activedescendant", "aria-autocomplete"]) box?.removeAttribute(name);
    found = [];
    box = null;
  };

  const ask = async target => {
    const word = wordAt(target.value, target.selectionStart).text;
    const mine = ++asked;
    const answers = await Promise.all(questions(word));
    const still = mine === asked && document.activeElement === target;
    if (!still || wordAt(target.value, target.selectionStart).text !== word) return;
    const offered = answers.flatMap(one => one.found);
    if (!offered.length) return close();
    comma = answers[0].comma ?? true;
    show(target, offered);
  };

  const questions = word => {
    const of = (kind, text, insert) =>
      get(`/models?${new URLSearchParams({ kind, search: text, limit: NETWORKS })}`)
        .then(page => ({ found: page.entries.map(one => ({ name: one.name, what: t(kind), insert: insert(one.name) })) }))
        .catch(() => ({ found: [] }));
    if (word.startsWith("<")) return [of("lora", word.replace(/^<(lora:?)?/i, ""), name => `<lora:${name}:1>`)];
    const tags = get(`/extensions/${extension}/search?${new URLSearchParams({ word })}`).catch(() => ({ found: [] }));
    const embeddings = tags.then(said => (said.enabled ? of("embedding", word, name => name) : { found: [] }));
    return word.startsWith("__") ? [tags] : [tags, embeddings];
  };

  const show = (target, offered) => {
    box = target;
    found = offered;
    chosen = -1;
    list.replaceChildren(...offered.map(row));
    (target.closest("dialog, main") ?? document.body).append(list); // a dialog lies above all else
    list.hidden = false;
    box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-controls", list.id);
    box.removeAttribute("aria-activedescendant");
    place();
  };

  const row = (one, number) => {
    const also = one.alias && h("small", {}, one.alias.replaceAll("_", " "));
    const count = one.count ? h("small.count", { title: t("times", { n: one.count }) }, short(one.count)) : null;
    const what = one.what ?? (one.name.startsWith("__") ? t("wildcard") : "");
    const parts = [h("span", {}, one.name.replaceAll("_", " ").trim() || one.name), also, what && h("small", {}, what), count];
    const options = { id: `${list.id}-${number}`, role: "option", "aria-selected": "false", "data-kind": one.kind ?? "" };
    const element = h("li", options, parts.filter(Boolean));
    element.addEventListener("pointerdown", event => event.preventDefault()); // the box keeps the focus
    element.addEventListener("click", () => accept(one));
    return element;
  };

  const place = () => {
    const edge = box.getBoundingClientRect();
    const below = innerHeight - edge.bottom;
    const above = below < 180 && edge.top > below;
    Object.assign(list.style, { left: `${edge.left}px`, maxWidth: `${edge.width}px` });
    Object.assign(list.style, above ? { top: "", bottom: `${innerHeight - edge.top + 4}px` } : { bottom: "", top: `${edge.bottom + 4}px` });
  };

  const choose = number => {
    list.children[chosen]?.setAttribute("aria-selected", "false");
    chosen = (number + found.length) % found.length;
    const element = list.children[chosen];
    element.setAttribute("aria-selected", "true");
    element.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", element.id);
  };

  const accept = one => {
    const target = box;
    const change = replaced(target.value, target.selectionStart, one.insert, comma);
    close();
    target.focus();
    target.setSelectionRange(change.start, change.end);
    // so that it can be taken back; where that is not there, without
    if (!document.execCommand("insertText", false, change.text)) {
      target.setRangeText(change.text, change.start, change.end, "end");
      target.dispatchEvent(new Event("input", { bubbles: true }));
    }
    close();
  };

  const keys = {
    ArrowDown: () => choose(chosen + 1),
    ArrowUp: () => choose(chosen < 0 ? found.length - 1 : chosen - 1),
    Tab: () => accept(found[Math.max(chosen, 0)]),
    Enter: () => accept(found[chosen]),
    Escape: close,
  };
  const press = event => {
    if (!box || event.target !== box || event.isComposing) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !keys[event.key]) return;
    if (event.key === "Enter" && chosen < 0) return close(); // a new line, as ever
    event.preventDefault();
    event.stopImmediatePropagation();
    keys[event.key]();
  };

  const typed = target => {
    if (!isPrompt(target)) return;
    clearTimeout(timer);
    const word = wordAt(target.value, target.selectionStart).text;
    if (word.length < SHORTEST) return close();
    timer = setTimeout(() => ask(target), TYPING);
  };

  document.addEventListener("keydown", press, true);
  document.addEventListener("input", event => event.isComposing || typed(event.target));
  document.addEventListener("focusout", event => event.target === box && close());
  document.addEventListener("pointerdown", event => box && event.target === box && close());
  addEventListener("scroll", event => box && !list.contains(event.target) && place(), { capture: true, passive: true });
  addEventListener("resize", () => box && place());
  typed(document.activeElement); // somebody was faster than this

  const short = count => new Intl.NumberFormat(language, { notation: "compact" }).format(count);
}

const isPrompt = target =>
  target instanceof HTMLTextAreaElement && Boolean(target.closest("[data-field]")?.dataset.field.endsWith("prompt"));
