// Hires fix: a second pass at a larger size, with the form's settings or on a finished picture.
import { Refused, post } from "./api.js";
import { h, say } from "./dom.js";
import { choice, number, text } from "./fields.js";
import { fold } from "./form.js";
import { take } from "./live.js";
import { notice } from "./notice.js";
import { pair } from "./drawing.js";
import { ownMenus, switched } from "./part.js";
import { readParameters } from "./paste.js";
import { seedJson } from "./seed.js";
import { itemOf } from "./send.js";
import { t, word } from "./text.js";

export function hiresPart(form, data) {
  const of = name => data[`hires.${name}`];
  const upscaler = choice({ ...of("upscaler"), choices: [of("upscaler").default] });
  const menus = ownMenus(form, data, "hires", "ui.hires.same");
  const size = h("p.result");
  const own = fold(
    `${form.key}.hires`,
    t("ui.hires.own"),
    menus.elements,
    form.add(number({ ...of("cfg_scale"), hint: "ui.hires.cfg_scale.hint" })),
    form.add(text({ ...of("prompt"), hint: "ui.hires.prompt.hint" })),
    form.add(text(of("negative_prompt"))),
  );
  const element = switched(
    form,
    "hires",
    "ui.hires",
    form.add(upscaler),
    pair(
      form.add(number({ ...of("strength"), step: 0.05, slider: [0, 1, 0.05] })),
      form.add(number({ ...of("steps"), default: 0, hint: "ui.hires.steps.hint" })),
    ),
    form.add(number({ ...of("scale"), step: 0.05, slider: [1, 4, 0.05] })),
    pair(
      form.add(number({ ...of("width"), label: "ui.hires.width" })),
      form.add(number({ ...of("height"), label: "ui.hires.height" })),
    ),
    size,
    own,
  );
  form.onChange(() => say(size, wordsOf(form)));
  const offer = offers => {
    upscaler.offer(offers.upscalers.filter(one => one.name !== "None").map(one => one.name));
    menus.offer(offers);
  };
  let onJob = () => {};
  const tools = (picture, job) =>
    job.request.kind === "txt2img" && !job.request.hires
      ? [hiresButton(() => again(form, picture, job).then(next => next && onJob(next)))]
      : [];
  return { element, offer, tools, onJob: then => (onJob = then) };
}

const hiresButton = onclick =>
  h("button.quiet", { type: "button", title: t("ui.hires.this.hint"), onclick }, t("ui.hires.this"));

/** The size of the result, as A1111 reckons it; 0 is "by the other side" or "by the factor". */
export function hiresSize({ width, height, scale, wide, high }) {
  if (!wide && !high) return [width, height].map(side => Math.floor(Math.floor(side * scale) / 8) * 8);
  const pair = [wide || Math.floor((high * width) / height), high || Math.floor((wide * height) / width)];
  return pair.map(side => Math.floor(side / 8) * 8);
}

function wordsOf(form) {
  const [width, height] = ["width", "height"].map(form.value);
  const [scale, wide, high] = ["scale", "width", "height"].map(name => form.value(`hires.${name}`));
  const known = [width, height, scale ?? 1].every(one => Number.isFinite(one) && one > 0);
  if (!known) return "";
  const [across, down] = hiresSize({ width, height, scale: scale ?? 1, wide, high });
  return t("ui.size.becomes", { before: `${width} × ${height}`, after: `${across} × ${down}` });
}

/** The second pass on a finished picture: its own parameters, the form's settings of the pass. */
async function again(form, picture, job) {
  const read = await readParameters(itemOf(picture));
  if (!read) return null;
  const hires = { ...partOf(form), image: `picture:${picture.id}` };
  const known = Object.entries(read.fields)
    .filter(([name]) => name in job.request && name !== "model")
    .map(([name, value]) => [name, name.endsWith("seed") ? seedJson(String(value)) : value]);
  const one = { batch_count: 1, batch_size: 1, prompts: [], negative_prompts: [], references: {} };
  try {
    const next = await post("/jobs", { ...job.request, ...Object.fromEntries(known), ...one, hires });
    take(next);
    return next;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    notice(word(error.problems[0]));
    return null;
  }
}

/** The settings of the pass, switched on or not. */
const partOf = form =>
  Object.fromEntries(
    form
      .names()
      .filter(name => name.startsWith("hires."))
      .map(name => [name.slice("hires.".length), form.value(name)]),
  );
