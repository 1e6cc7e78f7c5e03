// The prompts of an animation as text, as the settings have them, and as rows of a table: one is as good as the others.
const NEGATIVE = "--neg";
const LINE = /^\s*([\w.*+/() -]{1,40}?)\s*:\s*(.*)$/;

/** Lines `30: a green apple`, or the JSON of a settings file: an object, or rows. */
export function promptsOf(words) {
  if (isJson(words)) {
    try {
      return JSON.parse(words);
    } catch {
      return { 0: words }; // the server says what is wrong with it
    }
  }
  const found = {};
  let key = "0";
  for (const one of words.split("\n").filter(part => part.trim())) {
    const parts = LINE.exec(one);
    if (parts && /^[\d(]|^max_f/.test(parts[1])) found[(key = parts[1])] = parts[2];
    else found[key] = found[key] ? `${found[key]} ${one.trim()}` : one.trim();
  }
  return found;
}

export const isJson = words => /^\s*[{[]/.test(words);

export const linesOf = prompts =>
  Array.isArray(prompts)
    ? JSON.stringify(prompts, null, 1)
    : Object.entries(prompts ?? {})
        .map(([key, words]) => `${key}: ${flat(words)}`)
        .join("\n");

const flat = words => String(words).replaceAll(/\s*\n\s*/g, " ");

/** A row without what says nothing. */
const filled = ({ frame, prompt, ...rest }) => ({ frame, prompt, ...Object.fromEntries(Object.entries(rest).filter(([, one]) => one !== undefined && one !== "")) });

/** { frame, prompt, negative, blend, weight } of each key, in the order of the text. */
export function rowsOf(words) {
  const prompts = promptsOf(words);
  const given = Array.isArray(prompts) ? prompts : Object.entries(prompts ?? {}).map(([frame, prompt]) => ({ frame, prompt }));
  return given.map(({ frame, prompt, negative, ...more }) => {
    const [positive, ...negatives] = String(prompt ?? "").split(NEGATIVE);
    const unwanted = [...negatives, negative ?? ""].map(one => one.trim()).filter(Boolean);
    return { frame: String(frame), prompt: positive.trim(), negative: unwanted.join(", "), ...more };
  });
}

/** The text of rows, as lines where lines can say it; `before`: as it was, JSON stays JSON. */
export function textOf(rows, before) {
  const whole = ({ prompt, negative }) => flat(negative ? `${prompt} ${NEGATIVE} ${negative}`.trim() : prompt);
  const names = rows.map(one => one.frame.trim());
  const more = rows.some(({ frame, prompt, negative, ...rest }) => Object.values(rest).some(one => one !== undefined && one !== ""));
  const twice = new Set(names).size < names.length || names.some(one => !one); // an object would lose one
  const readable = rows.every(one => !one.frame || LINE.exec(`${one.frame}: x`)?.[1] === one.frame.trim());
  if (more || twice || (isJson(before) && Array.isArray(promptsOf(before))))
    return JSON.stringify(rows.map(filled), null, 1);
  if (isJson(before) || !readable) return JSON.stringify(Object.fromEntries(rows.map(one => [one.frame.trim(), whole(one)])), null, 1);
  return rows.map(one => `${one.frame.trim()}: ${whole(one)}`).join("\n");
}
