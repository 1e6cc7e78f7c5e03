// What is known of a model's file, in two columns; hashes are computed when they are asked for.
import { h } from "./dom.js";
import { bytes, language, t, word } from "./text.js";

const moment = seconds =>
  new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" }).format(seconds * 1000);

const parent = path => path.replace(/[\\/][^\\/]*$/, "");

function facts(entry) {
  const rank = entry.rank ? ` ${entry.rank}` : "";
  return {
    file: entry.path.split(/[\\/]/).at(-1),
    folder: parent(entry.path),
    size: bytes(entry.bytes),
    modified: entry.modified ? moment(entry.modified) : null,
    last_used: entry.last_used ? moment(entry.last_used) : null,
    algorithm: entry.algorithm && `${entry.algorithm}${rank}`,
    dtype: entry.dtype,
    base: entry.base,
    licence: entry.licence,
    tags: entry.tags.join(", "),
    negative_words: entry.negative_words,
    source: entry.source && link(entry.source),
    hash: entry.hash,
    autov3: entry.autov3,
    sha256: entry.sha256,
  };
}

/** An address of the web as a link, all else as the words it is. */
const link = address =>
  /^https?:\/\//.test(address)
    ? h("a", { href: address, target: "_blank", rel: "noreferrer noopener" }, address)
    : address;

/** `hash()` computes the hashes. */
export function factsPart(entry, { hash }) {
  const rows = Object.entries(facts(entry)).filter(([, value]) => value);
  const list = rows.map(([name, value]) => [
    h("dt", {}, t(`ui.models.fact.${name}`)),
    h("dd", {}, value),
  ]);
  const compute = h("button.quiet", { type: "button" }, t("ui.models.hash"));
  compute.addEventListener("click", async () => {
    compute.disabled = true;
    compute.textContent = t("ui.models.hash.running");
    await hash();
    compute.disabled = false;
    compute.textContent = t("ui.models.hash");
  });
  return h(
    "section.facts-of",
    {},
    h("h3", {}, t("ui.models.facts")),
    entry.description && h("p.description", {}, entry.description),
    h("dl", {}, list.flat()),
    !entry.sha256 && compute,
    entry.sha256 && entry.problem && h("p.problem", {}, word(entry.problem)), // whose numbers are no model's
  );
}
