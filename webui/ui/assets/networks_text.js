// LoRAs and embeddings in the words of a prompt: found, weighed, taken out. The text is the truth.
// An item is { kind, name, weight, at, length }; a weight of null is one that a slider cannot say.
const TAG = /<(lora|lyco):([^<>]+)>/gi;
const COMMENT = /#[^\n]*/g;
const NUMBER = /^\s*-?(\d+\.?\d*|\.\d+)\s*$/;

const blank = words => " ".repeat(words.length);
const escaped = words => words.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
const rounded = weight => String(Number(Number(weight).toFixed(2)));

/** What a prompt names, in the order of the words. learned: names of embeddings. */
export function itemsIn(prompt, learned = []) {
  const text = prompt.replace(COMMENT, blank); // as long as it was
  const words = text.replace(TAG, blank);
  return [...tagsIn(text), ...learned.flatMap(name => learnedIn(words, name))].sort((a, b) => a.at - b.at);
}

function tagsIn(text) {
  return [...text.matchAll(TAG)].map(found => {
    const [name, ...said] = found[2].split(":");
    const simple = said.length === 0 || (said.length === 1 && NUMBER.test(said[0]));
    const weight = simple ? Number(said[0] ?? 1) : null;
    return { kind: "lora", name: name.trim(), weight, at: found.index, length: found[0].length };
  });
}

/** Where an embedding's name stands as a word of its own, bare or as `(name:1.2)`. */
function learnedIn(words, name) {
  const alone = `(?<![\\p{L}\\p{N}_])${escaped(name)}(?![\\p{L}\\p{N}_])`;
  const ways = new RegExp(`\\(\\s*${alone}\\s*:\\s*(-?[\\d.]+)\\s*\\)|${alone}`, "giu");
  return [...words.matchAll(ways)].map(found => {
    const weight = found[1] === undefined ? 1 : Number(found[1]);
    return { kind: "embedding", name, weight, at: found.index, length: found[0].length };
  });
}

const put = (prompt, { at, length }, words) => prompt.slice(0, at) + words + prompt.slice(at + length);

/** The prompt with another weight for an item of it. */
export function weighed(prompt, item, weight) {
  const said = prompt.slice(item.at, item.at + item.length);
  if (item.kind === "lora") return put(prompt, item, `${said.match(/^<[^:]+:[^:>]+/)[0]}:${rounded(weight)}>`);
  const name = said.match(/^\(\s*(.*?)\s*:[^:]*\)$/s)?.[1] ?? said;
  return put(prompt, item, rounded(weight) === "1" ? name : `(${name}:${rounded(weight)})`);
}

/** The prompt without an item, and without the comma and the spaces that held it. */
export function without(prompt, item) {
  const [before, after] = [prompt.slice(0, item.at), prompt.slice(item.at + item.length)];
  const left = before.replace(/[^\S\n]+$/, "");
  const right = after.replace(/^[^\S\n]+/, "");
  if (/(^|[,\n])$/.test(left) && right.startsWith(",")) {
    const rest = right.replace(/^,[^\S\n]*/, "");
    return left.endsWith(",") && rest ? `${left} ${rest}` : left + rest;
  }
  if (!right || right.startsWith("\n")) return left.replace(/,$/, "") + right;
  return left && !left.endsWith("\n") && !right.startsWith(",") ? `${left} ${right}` : left + right;
}
