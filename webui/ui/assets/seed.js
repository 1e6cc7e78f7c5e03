// Seeds have 64 bits, so they stay text; an empty box draws a new one for each job.
import { iconButton } from "./dom.js";
import { line } from "./fields.js";
import { t } from "./text.js";

/** `lastSeed()`: the seed of the picture one looks at, or null. */
export function seedField(form, data, lastSeed) {
  const buttons = [
    iconButton("dice", t("ui.seed.dice"), () => form.set(data.name, "-1")),
    lastSeed &&
      iconButton("reuse", t("ui.seed.reuse"), () => lastSeed() !== null && form.set(data.name, lastSeed())),
  ].filter(Boolean);
  const made = line({ ...data, digits: true }, ...buttons);
  made.control.placeholder = t("ui.seed.random");
  return {
    ...made,
    read: () => made.read() || "-1",
    write: value => made.write(String(value) === "-1" ? "" : value),
  };
}

/** As JSON: a number in full length; what is no number goes as it is and is refused with a sentence. */
export function seedJson(words) {
  if (!/^-?\d+$/.test(words)) return words;
  return Number.isSafeInteger(Number(words)) ? Number(words) : (JSON.rawJSON?.(words) ?? words);
}
