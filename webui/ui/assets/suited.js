// What a model makes of the form: fields that count for nothing with it are hidden, and values far
// from what it was made for are spoken of beside them. The server says both; nothing is changed.
import { post } from "./api.js";
import { h, say } from "./dom.js";
import { word } from "./text.js";

const PAUSE = 250; // milliseconds after the last change
const ASKED = [
  ...["width", "height", "steps", "cfg_scale", "clip_skip", "shift", "negative_prompt"],
  ...["sampler", "schedule"],
];

/** Follows the form; `model()` is the chosen one. */
export function suitedPart(form, model) {
  const told = new Map(); // field -> its sentence
  let timer = 0;
  let asked = "";

  const fieldOf = name => form.control(name)?.closest("[data-field]");
  const show = ({ unused, hints }) => {
    for (const name of form.names()) {
      const place = fieldOf(name);
      if (place) place.classList.toggle("unused", unused.includes(name));
    }
    const now = new Map(hints.map(hint => [hint.field, hint]));
    for (const [name, line] of told) if (!now.has(name)) line.hidden = true;
    for (const [name, hint] of now) {
      const line = told.get(name) ?? lineOf(name);
      if (!line) continue;
      say(line, word(hint));
      line.hidden = false;
    }
  };
  const lineOf = name => {
    const place = name === "width" ? fieldOf(name)?.closest(".size") : fieldOf(name);
    if (!place) return null;
    const line = h("p.suited", { role: "status", hidden: true });
    place.append(line);
    told.set(name, line);
    return line;
  };
  const ask = async () => {
    const chosen = model();
    if (!chosen) return;
    const values = Object.fromEntries(ASKED.filter(form.has).map(name => [name, form.value(name)]));
    const question = JSON.stringify({ model: chosen.id, ...values });
    if (question === asked) return;
    asked = question;
    const answer = await post("/suits", JSON.parse(question)).catch(() => null);
    if (answer && asked === question) show(answer);
    if (!answer && asked === question) asked = ""; // ask again with the next change
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  form.onChange(later);
  return { suit: ask };
}
