// A form as a request. `hires.steps` is the field `steps` of its part `hires`, which goes along where
// its switch `_hires` is on; names that begin with _, and the plot's, are the form's own and never go along.
import { seedJson } from "./seed.js";

/** The request of this kind that the form asks for. `without`: names that are left out this time. */
export function requestOf(form, kind, without = []) {
  const request = { kind, extensions: {} };
  const left = new Set(without);
  for (const [name, value] of Object.entries(form.values())) {
    const [first, ...rest] = name.split(".");
    if (name.startsWith("_") || first === "plot" || left.has(name) || left.has(first)) continue;
    if (rest.length && first !== "extensions" && form.value(`_${first}`) === false) continue;
    put(request, [first, ...rest], name.endsWith("seed") ? seedJson(value) : value);
  }
  leaveOutUnchanged(form, request.extensions);
  return request;
}

/** What the form says of extensions alone. */
export const extensionsOf = form => requestOf(form, null).extensions;

function put(into, [first, ...rest], value) {
  if (!rest.length) into[first] = value;
  else put((into[first] ??= {}), rest, value);
}

/** An extension's values go along where one of them was changed. */
function leaveOutUnchanged(form, extensions) {
  for (const name of Object.keys(extensions)) {
    const own = form.names().filter(one => `${one}.`.startsWith(`extensions.${name}.`));
    if (form.differing(own).length === 0) delete extensions[name];
  }
}
