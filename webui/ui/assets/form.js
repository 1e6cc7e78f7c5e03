// A form: named fields with one value each. What the user set by hand is kept in the browser and
// stays; all else follows the model, so a new default is never hidden by an old value.
import { h } from "./dom.js";
import { forget, recall, remember } from "./store.js";

export class Form {
  #fields = new Map();
  #places = new Map();
  #defaults = new Map();
  #byHand = new Set();
  #watchers = new Set();
  #checks = new Set();

  /** The picture that the tab begins with, as a file; null where there is none. */
  begins = () => null;

  constructor(key) {
    this.key = key;
  }

  /** Take a field in; its value is what was set by hand before, or its default. */
  add = field => {
    this.#fields.set(field.name, field);
    const kept = recall(this.#place(field.name));
    if (!this.#defaults.has(field.name)) this.#defaults.set(field.name, field.fallback ?? null);
    if (kept !== undefined) this.#byHand.add(field.name);
    field.write(kept ?? this.#defaults.get(field.name));
    field.control.addEventListener("input", () => this.#mark(field.name));
    return field.element;
  };

  /** Where problems are told of something that is no field: { control, element, blame, clear }. */
  place = (name, part) => this.#places.set(name, part);

  has = name => this.#fields.has(name);
  value = name => this.#fields.get(name)?.read();
  takes = (name, value) => this.has(name) && (this.#fields.get(name).offers?.(value) ?? true);
  /** The field's own default, whatever was suggested since. */
  own = name => this.#fields.get(name)?.fallback ?? null;
  isPart = name => this.names().some(one => one.startsWith(`${name}.`));
  control = name => this.#find(name)?.control;
  names = () => [...this.#fields.keys()];
  values = () => Object.fromEntries(this.names().map(name => [name, this.value(name)]));
  onChange = watcher => this.#watchers.add(watcher);
  /** `check()` is called before anything is asked for; it may throw `Refused`. */
  onAsk = check => this.#checks.add(check);
  check = () => this.#checks.forEach(one => one());

  /** What fields do of themselves when a set of parameters is taken that knows nothing of them. */
  switchOff = name => this.#fields.get(name)?.off?.();

  /** Set as if by hand. */
  set(name, value) {
    this.#fields.get(name).write(value);
    this.#mark(name);
  }

  /** New defaults: fields that were not set by hand take them. */
  suggest(values) {
    for (const [name, value] of Object.entries(values)) {
      this.#defaults.set(name, value);
      if (!this.#byHand.has(name)) this.#fields.get(name)?.write(value);
    }
    this.#tell();
  }

  /** Names whose value is not the default. */
  differing = names =>
    names.filter(name => asText(this.value(name)) !== asText(this.#defaults.get(name)));

  /** Back to the defaults. */
  reset(names) {
    for (const name of names) {
      this.#byHand.delete(name);
      forget(this.#place(name));
      this.#fields.get(name)?.write(this.#defaults.get(name));
    }
    this.#tell();
  }

  /** All there is (some of it otherwise), to come back to it: `const undo = form.keep(); … undo()`. */
  keep(otherwise = {}) {
    const values = { ...this.values(), ...otherwise },
      byHand = new Set(this.#byHand),
      defaults = new Map(this.#defaults);
    return () => {
      this.#defaults = defaults;
      for (const [name, value] of Object.entries(values)) {
        this.#fields.get(name).write(value);
        if (byHand.has(name)) this.#mark(name, true);
        else this.reset([name]);
      }
      this.#tell();
    };
  }

  /** Tell a problem at its field; false where the form has no such field. */
  blame(name, sentence) {
    const field = this.#find(name);
    field?.blame(sentence, name);
    for (let part = field?.element; (part = part?.closest("details")); part = part.parentElement) part.open = true;
    return Boolean(field);
  }

  clear() {
    for (const one of [...this.#fields.values(), ...this.#places.values()]) one.clear();
  }

  /** The field of this name, the switch of this part, or what it is a part of. */
  #find(name) {
    for (let one = name ?? ""; one; one = one.replace(/\.?[^.]*$/, "")) {
      const found = this.#fields.get(one) ?? this.#places.get(one) ?? this.#fields.get(`_${one}`);
      if (found) return found;
    }
    return undefined;
  }

  #place = name => `${this.key}.${name}`;

  #mark(name, quietly = false) {
    this.#byHand.add(name);
    remember(this.#place(name), this.value(name));
    this.#fields.get(name).clear();
    if (!quietly) this.#tell(name);
  }

  #tell(name) {
    for (const watcher of this.#watchers) watcher(name);
  }
}

const asText = value => JSON.stringify(typeof value === "object" ? (value ?? "") : String(value ?? ""));

/** A part that folds away; open or shut is remembered. */
export function fold(key, title, ...children) {
  const place = `fold.${key}`;
  const part = h(
    "details.fold",
    { open: recall(place) === true },
    h("summary", {}, title),
    h("div.inside", {}, ...children),
  );
  part.addEventListener("toggle", () => remember(place, part.open));
  return part;
}
