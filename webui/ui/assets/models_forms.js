// The two forms that bring models: one from the net, one made of several.
import { get } from "./api.js";
import { dataOf, pair, worded } from "./drawing.js";
import { h } from "./dom.js";
import { choice, line, number, toggle } from "./fields.js";
import { Form, fold } from "./form.js";
import { jobSheet } from "./models_jobs.js";
import { followOffers } from "./offers.js";
import { modelChoices } from "./part.js";
import { t } from "./text.js";

const HAVE_C = ["add_difference", "triple_sum"];

/** Nothing written is nothing said. */
const optional = field => ({ ...field, read: () => field.read() || null });

export function downloadSheet(fields, onMade) {
  const form = new Form("download");
  const data = dataOf(fields);
  const to = worded(data.to, { none: "ui.models.download.to", words: "ui.models.is" });
  const parts = [
    form.add(line({ ...data.source, hint: "ui.models.download.source" })),
    form.add(to),
    fold(
      "download.more",
      t("ui.more"),
      form.add(choice(data.precision)),
      form.add(optional(line(data.sha256))),
      form.add(toggle(data.allow_pickle)),
    ),
  ];
  const [title, start] = ["ui.models.download.title", "ui.models.download.start"];
  return jobSheet(form, "download", { title, start, parts, onMade });
}

export function mergeSheet(fields, onMade) {
  const form = new Form("merge");
  const data = dataOf(fields);
  const none = { value: null, label: t("ui.models.merge.none") };
  const models = ["model_a", "model_b", "model_c"].map(name => choice(data[name]));
  const own = { value: null, label: t("ui.models.merge.own") };
  const vae = choice({ ...data.bake_vae, choices: [own] });
  const asIs = { value: null, label: t("ui.models.merge.as_is") };
  const [a, b, c] = models.map(form.add);
  const multiplier = name => form.add(number({ ...data[name], step: 0.05, slider: [0, 1, 0.05] }));
  const second = multiplier("multiplier_2");
  const name = optional(line({ ...data.file_name, label: "ui.models.merge.name" }));
  const parts = [
    pair(a, b),
    form.add(worded(data.method, { words: "ui.models.method" })),
    c,
    multiplier("multiplier"),
    second,
    form.add(name),
    fold(
      "merge.more",
      t("ui.more"),
      form.add(vae),
      form.add(choice({ ...data.precision, choices: [asIs, ...data.precision.choices] })),
      form.add(toggle(data.prune)),
    ),
  ];
  const show = () => {
    const method = form.value("method");
    c.hidden = !HAVE_C.includes(method);
    second.hidden = method !== "triple_sum";
  };
  form.onChange(show);
  show();
  followOffers(offers => {
    const here = modelChoices(offers);
    models.forEach((menu, i) => menu.offer(i === 2 ? [none, ...here] : here));
  });
  const without = () => [c.hidden && "model_c", second.hidden && "multiplier_2"].filter(Boolean);
  const [title, start] = ["ui.models.merge.title", "ui.models.merge.start"];
  const sheet = jobSheet(form, "merge", { title, start, parts, without, onMade });
  const open = async () => {
    sheet.open();
    const { entries } = await get("/models?kind=vae&limit=1000").catch(() => ({ entries: [] }));
    vae.offer([own, ...entries.filter(one => !one.problem).map(one => one.name)]);
  };
  return { open };
}
