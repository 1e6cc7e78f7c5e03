// A LoRA, an embedding or words into the prompt of the drawing tab that was used last.
import { lastUsed, setIn, valueIn } from "./desks.js";
import { titleOf } from "./models_card.js";
import { notice } from "./notice.js";
import { inWords } from "./presets.js";
import { t } from "./text.js";

const plain = words => words.toLowerCase();
const escaped = words => words.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** How prompts call it: by its name, by its id where the name would end the mark. */
export const callable = entry => (/[<>:]/.test(entry.name) ? entry.id : entry.name);

const rounded = weight => String(Number(weight.toFixed(2)));

/** What prompts call an embedding: its file's name. */
export const nameIn = entry => entry.name.split("/").at(-1);

/** What stands for an embedding: its name, with a weight that is not 1 in brackets. */
export function wordsFor(entry, weight) {
  const name = nameIn(entry);
  return weight === 1 ? name : `(${name}:${rounded(weight)})`;
}

/** The prompt with a LoRA; where it is in there already, only its weight changes. */
export function withLora(prompt, entry, weight) {
  const mark = `<lora:${callable(entry)}:${rounded(weight)}>`;
  const there = new RegExp(`<lora:${escaped(callable(entry))}(:[^<>]*)?>`, "i");
  if (there.test(prompt)) return prompt.replace(there, () => mark);
  return prompt.trimEnd() ? `${prompt.trimEnd()} ${mark}` : mark;
}

/** The prompt with those words that it has not yet, before the marks of LoRAs at its end. */
export function withWords(prompt, words) {
  const has = plain(prompt.replace(/<[^<>]*>/g, ""))
    .split(",")
    .map(one => one.trim());
  const each = words.flatMap(one => one.split(",").map(word => word.trim())).filter(Boolean);
  const fresh = each.filter(one => !has.includes(plain(one)));
  if (!fresh.length) return prompt;
  const [, text, marks] = prompt.trimEnd().match(/^(.*?)((?:\s*<[^<>]*>)*)$/s);
  const joined = [text.replace(/[\s,]+$/, ""), ...fresh].filter(Boolean).join(", ");
  return joined + (marks && !/^\s/.test(marks) ? ` ${marks}` : marks);
}

/** change(prompt) makes the new one; `words` is said of it, with the way back. */
export function changePrompt(change, words, field = "prompt", { said = "", also } = {}) {
  const tab = lastUsed();
  const before = valueIn(tab, field);
  const after = change(before);
  const gaps = { tab: t(`ui.tab.${tab}`), words };
  if (after === before) return notice(t("ui.models.there", gaps));
  const undo = setIn(tab, field, after);
  const added = t(field === "prompt" ? "ui.models.added" : "ui.models.added.negative", gaps);
  notice([added, said].filter(Boolean).join(" "), { undo, also });
}

/** What is said of the settings that a LoRA wants, and the button that takes them. */
function presetOf(entry) {
  if (!entry.preset) return {};
  const values = Object.entries(entry.preset).filter(([, value]) => value !== null);
  const gaps = { title: titleOf(entry), settings: inWords(entry.preset) };
  const run = () => {
    const tab = lastUsed();
    const ways = values.map(([name, value]) => setIn(tab, name, value));
    notice(t("ui.preset.applied", gaps), { undo: () => ways.reverse().forEach(back => back()) });
  };
  return { said: t("ui.preset.lora", gaps), also: { label: t("ui.preset.lora.use"), run } };
}

/** As the button on a card does it: with the weight that suits it, and its trigger words. */
export function addLora(entry, weight = entry.weight ?? 1, words = entry.trigger_words) {
  const change = prompt => withLora(withWords(prompt, words), entry, weight);
  const mark = [`<lora:${callable(entry)}:${rounded(weight)}>`, ...words].join(", ");
  changePrompt(change, mark, "prompt", presetOf(entry));
}

export function addEmbedding(entry, weight = 1, field = "prompt") {
  const words = wordsFor(entry, weight);
  changePrompt(prompt => withWords(prompt, [words]), words, field);
}
