// A picture's parameters into a form, with the way back; what is not here is named.
import { postFile } from "./api.js";
import { notice } from "./notice.js";
import { t, word } from "./text.js";

/** What a picture says of its making, as fields of a request; null where it cannot be read (that is told). */
export async function readParameters(item) {
  try {
    const result = item.ref?.match(/^picture:(.+)$/); // its job knows more than the file
    return await postFile(`/infotext${result ? `?picture=${encodeURIComponent(result[1])}` : ""}`, await item.blob());
  } catch (error) {
    notice(word(error.problems[0]));
    return null;
  }
}

/** Set the form from a picture's parameters, but for `keep`. undo: takes back what else the picture brought. */
export async function takeParameters(form, item, { done = "ui.send.done", undo, keep = [] } = {}) {
  const read = await readParameters(item);
  if (!read) return;
  const back = form.keep();
  for (const name of keep) delete read.fields[name];
  const taken = fill(form, read.fields);
  setBack(form, read.fields.extensions ?? {});
  if (taken.has("steps")) switchOff(form, read.fields);
  if (taken.has("width") && form.has("_size")) form.set("_size", "exact");
  const names = missing(read.parameters, taken).join(", ");
  const all = () => {
    back();
    undo?.();
  };
  if (!read.infotext) return notice(t(undo ? "ui.send.picture" : "ui.info.nothing"), { undo });
  notice(names ? t("ui.send.partly", { names }) : t(done), { undo: all });
}

/** The names that the form has a place for. A part of a request switches itself on. */
function fill(form, fields, into = "") {
  const taken = new Set();
  for (const [name, value] of Object.entries(fields)) {
    const place = `${into}${name}`;
    const isPart = value !== null && typeof value === "object";
    if (isPart && form.has(`_${place}`)) form.set(`_${place}`, true);
    if (isPart && !form.has(place)) fill(form, value, `${place}.`).forEach(one => taken.add(one));
    else if (form.takes(place, value)) {
      form.set(place, value);
      taken.add(place);
    }
  }
  return taken;
}

/** Of an extension that is told of, what is not told is as it always was. */
function setBack(form, extensions) {
  for (const name of form.names()) {
    const [part, extension, field] = name.split(".");
    if (part === "extensions" && field && extensions[extension] && !(field in extensions[extension]))
      form.set(name, form.own(name));
  }
}

/** Parts of a request that a whole set of parameters does not have were not used. */
function switchOff(form, fields) {
  for (const name of form.names()) {
    const [part, extension] = name.split(".");
    if (part === "extensions" && !fields.extensions?.[extension]) form.switchOff(name);
    if (
      name.startsWith("_") &&
      form.value(name) === true &&
      form.isPart(name.slice(1)) &&
      !fields[name.slice(1)]
    )
      form.set(name, false);
  }
}

const missing = (parameters, taken) =>
  Object.entries({ Model: "model", Sampler: "sampler" })
    .filter(([key, name]) => parameters[key] && !taken.has(name))
    .map(([key, name]) => `${t(`ui.field.${name}`)} ${parameters[key]}`);
