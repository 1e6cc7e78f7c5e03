// Reference images: pictures that the prompt names as {image}, {image:2}, {image:name}.
import { h } from "./dom.js";
import { number } from "./fields.js";
import { notice } from "./notice.js";
import { storedPictures } from "./stored.js";
import { percent, t } from "./text.js";

const FIRST = "1"; // what {image} without a name means
const tagOf = name => (name === FIRST ? "{image}" : `{image:${name}}`);
const NAME = /[^\w-]+/g;

/** The first number that no other has. */
export function freeName(names) {
  for (let n = 1; ; n++) if (!names.includes(String(n))) return String(n);
}

export function referencesPart(form, data) {
  const put = one => {
    const box = form.control("prompt");
    const [words, at] = [box.value, box.selectionEnd];
    const [before, after] = [words.slice(0, at).trimEnd(), words.slice(at).trimStart()];
    form.set("prompt", [before, tagOf(one.name), after].filter(Boolean).join(" "));
  };
  const rename = (from, to) => form.set("prompt", form.value("prompt").replaceAll(tagOf(from), tagOf(to)));
  const takeOut = ({ name }) => {
    const [words, tag] = [form.value("prompt"), tagOf(name)];
    form.set("prompt", words.replaceAll(` ${tag}`, "").replaceAll(tag, "").trimStart());
  };
  const list = storedPictures({
    key: "txt2img.references",
    label: "ui.references",
    words: "ui.references.drop",
    field: "references",
    made: (one, held) => {
      const made = { ...one, name: freeName(held.map(other => other.name)) };
      if (!form.value("prompt").includes(tagOf(made.name))) put(made);
      return made;
    },
    tile: (one, changed) => tools(one, { changed, put, rename, others: () => list.pictures() }),
    onChange: held => show(held),
  });
  form.place("references", list);
  const strength = form.add(
    number({
      ...data.reference_strength,
      step: 0.05,
      slider: [0, 1, 0.05],
      hint: "ui.references.strength.hint",
    }),
  );
  const element = h("div.references", {}, list.element, strength);
  let known = list.pictures();
  const show = held => {
    for (const one of known) if (!held.includes(one)) takeOut(one);
    known = held;
    strength.hidden = held.length !== 1;
  };
  show(known);
  return {
    element,
    value: () => Object.fromEntries(list.pictures().map(one => [one.name, one.ref])),
    without: () => (list.pictures().length === 1 ? [] : ["reference_strength"]),
    take: list.take,
    /** What became of the pictures, where it is not plain to see. */
    tell: job => {
      if (job.request.kind !== "img2img") return;
      notice(t("ui.references.became", { strength: percent(job.request.strength) }));
    },
  };
}

/** A name that can be changed, and a button that puts it into the prompt. */
function tools(one, { changed, put, rename, others }) {
  const box = h("input.name", {
    type: "text",
    maxlength: 64,
    "aria-label": t("ui.references.name"),
    value: one.name,
  });
  const insert = h("button.chip", { type: "button", onclick: () => put(one) });
  const say = () => {
    box.value = one.name;
    insert.textContent = tagOf(one.name);
    insert.title = t("ui.references.put");
  };
  box.addEventListener("change", () => {
    const name = box.value
      .trim()
      .replace(NAME, "-")
      .replace(/^-+|-+$/g, "");
    const taken = others().some(other => other !== one && other.name === name);
    if (name && !taken) {
      rename(one.name, name);
      one.name = name;
      changed();
    }
    say();
  });
  say();
  return [box, insert];
}
