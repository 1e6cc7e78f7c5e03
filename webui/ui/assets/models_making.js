// The forms that write models: one made of several, and one written anew.
import { get } from "./api.js";
import { dataOf, pair, worded } from "./drawing.js";
import { h, say } from "./dom.js";
import { choice, line, number, toggle } from "./fields.js";
import { Form, fold } from "./form.js";
import { blocksPart } from "./models_blocks.js";
import { jobSheet } from "./models_jobs.js";
import { followOffers } from "./offers.js";
import { modelChoices } from "./part.js";
import { t } from "./text.js";

const HAVE_C = ["add_difference", "triple_sum"];
const FORMULAS = {
  weighted_sum: ({ a, b, m, rest }) => `${rest} · ${a} + ${m} · ${b}`,
  slerp: ({ a, b, m, rest }) => `slerp(${rest} · ${a}, ${m} · ${b})`,
  add_difference: ({ a, b, c, m }) => `${a} + ${m} · (${b} − ${c})`,
  triple_sum: ({ a, b, c, m, n }) => `${a} + ${m} · (${b} − ${a}) + ${n} · (${c} − ${a})`,
};

/** Nothing written is nothing said. */
export const optional = field => ({ ...field, read: () => field.read() || null });

const short = value => String(Number(Number(value ?? 0).toFixed(3)));

/** What the form's request comes to, in one line. */
export function recipeOf(values) {
  const { method, multiplier, multiplier_2: second, blocks } = values;
  const names = Object.fromEntries(["a", "b", "c"].map(one => [one, values[`model_${one}`] ?? one.toUpperCase()]));
  const numbers = { m: short(multiplier), n: short(second), rest: short(1 - (multiplier ?? 0)) };
  const own = part => values[part] !== "merged" && t("ui.merge.of", { part: t(`ui.field.${part}`), model: names[values[part]] });
  const said = [
    FORMULAS[method]({ ...names, ...numbers }),
    blocks && (/[,:=]/.test(blocks) ? t("ui.merge.blocks.own") : t("ui.merge.blocks", { blocks })),
    own("text_encoder"),
    values.bake_vae ? t("ui.merge.of", { part: t("ui.field.vae"), model: values.bake_vae }) : own("vae"),
    values.precision,
  ];
  return said.filter(Boolean).join("; ");
}

/** Precision, pruning and another VAE: of both forms. */
function writingPart(form, data) {
  const own = { value: null, label: t("ui.models.merge.own") };
  const asIs = { value: null, label: t("ui.models.merge.as_is") };
  const vae = choice({ ...data.bake_vae, choices: [own] });
  const precisions = data.precision.choices.map(value => ({ value, label: value }));
  const elements = [
    form.add(choice({ ...data.precision, hint: "ui.merge.precision.hint", choices: [asIs, ...precisions] })),
    form.add(toggle(data.prune)),
  ];
  const load = async () => {
    const { entries } = await get("/models?kind=vae&limit=1000").catch(() => ({ entries: [] }));
    vae.offer([own, ...entries.filter(one => !one.problem).map(one => one.name)]);
  };
  return { elements, vae: form.add(vae), load };
}

const nameField = data => optional(line({ ...data.file_name, label: "ui.models.merge.name" }));

export function mergeSheet(fields, blocks, onMade) {
  const form = new Form("merge");
  const data = dataOf(fields);
  const none = { value: null, label: t("ui.models.merge.none") };
  const models = ["model_a", "model_b", "model_c"].map(name => choice(data[name]));
  const [a, b, c] = models.map(form.add);
  const multiplier = name => form.add(number({ ...data[name], step: 0.05, slider: [0, 1, 0.05] }));
  const second = multiplier("multiplier_2");
  const whose = name => form.add(worded({ ...data[name], default: "merged" }, { words: "ui.merge.taken" }));
  const writing = writingPart(form, data);
  let known = [];
  const familyOf = () => known.find(one => one.id === form.value("model_a"))?.family;
  const recipe = h("p.recipe", { role: "status" });
  const parts = [
    pair(a, b),
    form.add(worded(data.method, { words: "ui.models.method" })),
    c,
    multiplier("multiplier"),
    second,
    blocksPart(form, data.blocks, { blocks, family: familyOf }),
    fold("merge.parts", t("ui.merge.parts"), pair(whose("text_encoder"), whose("vae")), writing.vae),
    fold("merge.more", t("ui.more"), writing.elements),
    form.add(nameField(data)),
    recipe,
  ];
  const show = () => {
    const values = form.values();
    const takesC = values.text_encoder === "c" || values.vae === "c";
    c.hidden = !HAVE_C.includes(values.method) && !takesC;
    second.hidden = values.method !== "triple_sum";
    say(recipe, recipeOf(values));
  };
  form.onChange(show);
  followOffers(offers => {
    known = offers.models;
    const here = modelChoices(offers);
    models.forEach((menu, i) => menu.offer(i === 2 ? [none, ...here] : here));
    show();
  });
  show();
  const without = () => [c.hidden && "model_c", second.hidden && "multiplier_2"].filter(Boolean);
  const [title, start] = ["ui.models.merge.title", "ui.models.merge.start"];
  const sheet = jobSheet(form, "merge", { title, start, parts, without, onMade });
  return { open: () => (sheet.open(), show(), writing.load()) };
}

export function convertSheet(fields, onMade) {
  const form = new Form("convert");
  const data = dataOf(fields);
  const model = choice(data.model);
  const writing = writingPart(form, data);
  const part = { name: "extract", label: "ui.field.extract", choices: ["vae"] };
  const extract = worded(part, { none: "ui.convert.whole", words: "ui.convert.part" });
  const layout = worded(data.layout, { none: "ui.convert.layout", words: "ui.convert.layout" });
  const parts = [
    form.add(model),
    ...writing.elements,
    form.add(extract),
    form.add(layout),
    writing.vae,
    form.add(nameField(data)),
  ];
  const show = () => {
    for (const one of [writing.vae, layout.element]) one.hidden = Boolean(form.value("extract"));
  };
  form.onChange(show);
  followOffers(offers => {
    model.offer(modelChoices(offers));
    form.suggest({ model: offers.default_model });
  });
  show();
  const without = () => (writing.vae.hidden ? ["bake_vae", "layout"] : []);
  const [title, start] = ["ui.convert.title", "ui.convert.start"];
  const sheet = jobSheet(form, "convert", { title, start, parts, without, onMade });
  return { open: () => (sheet.open(), writing.load()) };
}
