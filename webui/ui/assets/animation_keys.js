// The keys of a schedule, `0:(1), 2s:(5) ease_in_out`, read with their places in the text, and rewritten there
// with the least change: what is not touched stays as it was written. See webui/timeline/keyframes.py.
const TIME = /^(\d+\.?\d*|\.\d+)\s*([sbf])$/;
const WAY = /^\s*([A-Za-z][\w-]*\s*(?:\([^()]*\))?)\s*$/;
const PLAIN = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const TOKEN = /\s*(\d+\.?\d*|\.\d+|[a-z_]\w*|[-+*/()])/giy;

/**
 * The keys in the order of their frames; null of a text that is no schedule.
 * A key: { name, frame, value, number (null of a formula), way } and where they are: [at, end) of each.
 * clock: { frames, fps, bpm, seed, width, height, labels: name -> frame }.
 */
export function readKeys(text, clock) {
  const pieces = split(text, 0, ",;").filter(one => one.text.trim());
  const found = new Map();
  for (const piece of pieces) {
    const key = keyOf(piece, pieces.length > 1, clock);
    if (!key) return null;
    if (Number.isFinite(key.frame)) found.set(key.frame, key);
  }
  return pieces.length ? [...found.values()].sort((a, b) => a.frame - b.frame) : null;
}

/** The pieces between marks outside of brackets and quotes. */
function split(text, start, marks) {
  const pieces = [];
  let [depth, quote, begin] = [0, "", 0];
  for (let at = 0; at <= text.length; at++) {
    const letter = text[at];
    if (at === text.length || (marks.includes(letter) && !depth && !quote)) {
      pieces.push({ at: start + begin, text: text.slice(begin, at) });
      begin = at + 1;
    } else if (quote) quote = letter === quote ? "" : quote;
    else if ("\"'".includes(letter)) quote = letter;
    else if ("([{".includes(letter)) depth++;
    else if (")]}".includes(letter)) depth = Math.max(0, depth - 1);
  }
  return pieces;
}

function keyOf({ at, text }, several, clock) {
  const [first, second] = split(text, at, ":");
  if (!second && several) return null;
  const piece = trimmed(at, text);
  if (!second) return { ...valueOf(piece.at, piece.text), piece, name: "", named: null, frame: 0 };
  const named = trimmed(first.at, first.text);
  const name = unquoted(named).text.trim();
  const value = trimmed(second.at, text.slice(second.at - at));
  return { ...valueOf(value.at, value.text), piece, name, named, frame: frameOf(name, clock) };
}

/** A value's text, its place, and the way behind its brackets. */
function valueOf(at, text) {
  const close = closing(text);
  const way = close === null ? null : WAY.exec(text.slice(close + 1));
  const all = { at, end: at + text.length }; // brackets and way included
  const whole = way ? text.slice(0, close + 1) : text;
  const bracketed = closing(whole) === whole.length - 1;
  const inner = trimmed(bracketed ? at + 1 : at, bracketed ? whole.slice(1, -1) : whole);
  const bare = unquoted(inner);
  const number = PLAIN.test(bare.text.trim()) ? Number(bare.text) : null;
  return { value: bare.text, number, way: way?.[1].trim() ?? "", bracketed, all, at: bare.at, end: bare.at + bare.text.length };
}

function trimmed(at, text) {
  const cut = text.trim();
  return { at: at + text.indexOf(cut), text: cut };
}

function unquoted({ at, text }) {
  const quoted = text.length > 1 && text[0] === text.at(-1) && "\"'".includes(text[0]) && !text.slice(1, -1).includes(text[0]);
  return quoted ? { at: at + 1, text: text.slice(1, -1) } : { at, text };
}

/** Where the bracket that a text begins with is closed, or null. */
function closing(text) {
  let [depth, quote] = [0, ""];
  if (text[0] !== "(") return null;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quote) quote = letter === quote ? "" : quote;
    else if ("\"'".includes(letter)) quote = letter;
    else depth += (letter === "(") - (letter === ")");
    if (!depth && !quote) return at;
  }
  return null;
}

/** The frame that a key's name means; NaN where that cannot be said here. */
export function frameOf(name, clock) {
  const time = TIME.exec(name.trim());
  return time ? Number(time[1]) * unitOf(time[2], clock) : reckoned(name, clock);
}

const unitOf = (unit, { fps, bpm = 120 }) => ({ f: 1, s: fps, b: (fps * 60) / bpm })[unit];

/** A sum of numbers and of what stays the same: `max_f - 10`. */
function reckoned(text, { frames, seed = 0, width = 512, height = 512, fps, labels = {} }) {
  const names = { ...labels, max_f: frames - 1, s: seed, w: width, h: height, fps };
  const tokens = [];
  TOKEN.lastIndex = 0;
  for (let one; (one = TOKEN.exec(text)); ) tokens.push(one[1]);
  if (tokens.join("") !== text.replace(/\s/g, "")) return NaN;
  const take = (...wanted) => (wanted.includes(tokens[0]) ? tokens.shift() : null);
  const sum = () => {
    let value = product();
    for (let sign; (sign = take("+", "-")); ) value += product() * (sign === "+" ? 1 : -1);
    return value;
  };
  const product = () => {
    let value = factor();
    for (let sign; (sign = take("*", "/")); ) value = sign === "*" ? value * factor() : value / factor();
    return value;
  };
  const factor = () => {
    if (take("-")) return -factor();
    if (take("+")) return factor();
    if (!take("(")) return number(tokens.shift());
    const value = sum();
    return take(")") ? value : NaN;
  };
  const number = token => names[token] ?? (PLAIN.test(token) ? Number(token) : NaN);
  const value = sum();
  return tokens.length ? NaN : value;
}

/** 0.30000000000000004 -> "0.3"; never with an exponent, which Deforum does not read. */
export const written = (value, digits = 4) => String(Number(value.toFixed(digits))).replace(/^.*e.*$/, () => value.toFixed(digits));

const put = (text, at, end, words) => text.slice(0, at) + words + text.slice(end);

/** The text with another value of a key: a number, or a formula as it is written. */
export function withValue(text, key, value) {
  const words = typeof value === "number" ? written(value) : value.trim() || "0";
  const shut = !key.bracketed && key.named && !/["']/.test(text[key.at - 1]) && /[,;:]/.test(words);
  return put(text, key.at, key.end, shut ? `(${words})` : words);
}

/** What a key is called at a frame: a time stays a time, a beat a beat. */
export function nameAt(frame, before, clock) {
  const unit = TIME.exec(before)?.[2];
  return unit ? `${written(frame / unitOf(unit, clock), 3)}${unit}` : written(frame);
}

/** The text with a key elsewhere in time. */
export function withFrame(text, key, frame, clock) {
  const name = nameAt(frame, key.name, clock);
  if (!key.named) return put(text, key.piece.at, key.piece.at + key.piece.text.length, `${name}:(${key.value})`);
  return put(text, key.named.at, key.named.at + key.named.text.length, name);
}

/** The text with all its keys so many frames later; a value alone stays. */
export function shifted(text, by, clock) {
  const keys = readKeys(text, clock) ?? [];
  const last = [...keys].filter(one => one.named).sort((a, b) => b.piece.at - a.piece.at); // from the end: places stay
  return last.reduce((made, key) => withFrame(made, key, key.frame + by, clock), text);
}

/** The text with one more key, in its place among the others; of a key that is there its value. */
export function withKey(text, frame, value, clock) {
  const keys = readKeys(text, clock) ?? [];
  const there = keys.find(one => one.frame === frame);
  if (there) return withValue(text, there, value);
  const words = `${written(frame)}:(${typeof value === "number" ? written(value) : value})`;
  if (!keys.length) return words;
  if (!keys[0].named) return `0:(${keys[0].value}), ${words}`;
  const before = keys.filter(one => one.frame < frame).at(-1);
  if (!before) return put(text, keys[0].piece.at, keys[0].piece.at, `${words}, `);
  const end = before.piece.at + before.piece.text.length;
  return put(text, end, end, `, ${words}`);
}

/** The text without a key; the last one stays. */
export function withoutKey(text, key) {
  const pieces = split(text, 0, ",;").filter(one => one.text.trim());
  if (pieces.length < 2) return text;
  const n = pieces.findIndex(one => one.at <= key.piece.at && key.piece.at <= one.at + one.text.length);
  const end = one => one.at + one.text.length;
  if (n > 0) return put(text, end(pieces[n - 1]), end(pieces[n]), "");
  return put(text, key.piece.at, pieces[1].at + pieces[1].text.search(/\S/), "");
}

/** The text with another way from a key to the next; none for "". */
export function withWay(text, key, way) {
  if (!key.named) return text;
  const inner = key.bracketed ? text.slice(key.all.at, closing(text.slice(key.all.at)) + key.all.at + 1) : `(${key.value})`;
  return put(text, key.all.at, key.all.end, way ? `${inner} ${way}` : inner);
}
