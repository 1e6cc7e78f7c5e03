// Texts in the language of the page; the table came with the page (page_head.py).
const { language, texts } = window.easel;

export { language };

/** The text of a key with its {gaps} filled. */
export function t(key, values) {
  const sentence = texts[key] ?? key;
  return values ? fill(sentence, values) : sentence;
}

const fill = (sentence, values = {}) =>
  sentence.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) => (name ? (values[name] ?? "") : found[0]));

const rules = new Intl.PluralRules(language);
const FORMS = { one: 0, few: 1, many: 2 };

/** A sentence that counts: its forms stand in one text, "one|other" or, in Polish, "one|few|many". */
export function tn(key, n, values = {}) {
  const forms = t(key).split("|");
  const form = FORMS[rules.select(n)] ?? forms.length - 1;
  return fill(forms[Math.min(form, forms.length - 1)], { n: number(n), ...values });
}

/** Of texts by language, the one to show. */
export const local = words => words?.[language] ?? words?.en ?? Object.values(words ?? {})[0] ?? "";

export const number = (value, digits = 0) =>
  new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);

export const percent = share => new Intl.NumberFormat(language, { style: "percent" }).format(share);

/** 1.6e9 -> "13 Sept 2020". */
export const day = seconds => new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(seconds * 1000);

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** 2_130_000_000 -> "2.1 GB". */
export function bytes(count) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  const unitDisplay = power ? "short" : "long"; // a byte has no letter in English: 467 bytes
  const options = { style: "unit", unit: UNITS[power], unitDisplay, maximumFractionDigits: power > 2 ? 1 : 0 };
  return new Intl.NumberFormat(language, options).format(count / 1000 ** power);
}

/** 75 -> "1 min 15 s". */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(whole / 3600), "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  const shown = first < 0 ? parts.slice(2) : parts.slice(first, first + 2).filter(([count]) => count > 0);
  return shown.map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** What a problem of the server's says, in the user's language; `labels` names its fields. */
export function word({ code, field, values, message, cause }, labels = "ui.field") {
  const key = `error.${code}`;
  if (!(key in texts)) return message;
  const label = field && labelOf(field, labels);
  const reason = cause && { reason: word(cause, labels) };
  return t(key, { ...values, ...inThis(values), ...(label && { label }), ...reason });
}

/** Of a problem's values those for the language of the page: what stands for `label` as `label:pl`. */
function inThis(values) {
  const end = `:${language}`;
  const mine = Object.entries(values ?? {}).filter(([name]) => name.endsWith(end));
  return Object.fromEntries(mine.map(([name, value]) => [name.slice(0, -end.length), value]));
}

/** What a field is called, `Hires fix › Steps` where it is one of a part (as the server says it). */
function labelOf(field, labels) {
  const [first, ...inner] = field.split(".");
  const names = first === "extensions" ? [first] : [first, ...inner.slice(-1)];
  return names.map(name => texts[`${labels}.${name}`]).filter(Boolean).join(" › ");
}
