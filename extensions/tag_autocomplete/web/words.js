// The word of a prompt in which the caret stands, and what another one makes of it.

const ENDS = /[,\n|{}<>()[\]:]/;

/** { start, text }: from the last comma, line, bracket or colon before the caret up to it. */
export function wordAt(prompt, caret) {
  const before = prompt.slice(0, caret);
  const tag = /<[^<>\n]*$/.exec(before);
  if (tag) return { start: tag.index, text: tag[0] };
  let start = caret;
  while (start > 0 && !(ENDS.test(prompt[start - 1]) && prompt[start - 2] !== "\\")) start--;
  while (start < caret && /\s/.test(prompt[start])) start++;
  return { start, text: prompt.slice(start, caret) };
}

/** { start, end, text }: what is to stand in place of the word before the caret. */
export function replaced(prompt, caret, insert, comma) {
  const { start } = wordAt(prompt, caret);
  const rest = prompt.slice(caret);
  const tail = /^[^\S\n]*[,)\]}:|>]/.test(rest) || insert.startsWith("<") ? "" : comma ? ", " : "";
  return { start, end: caret, text: insert + tail };
}
