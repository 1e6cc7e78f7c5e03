// The form that brings a model from the net.
import { dataOf, worded } from "./drawing.js";
import { choice, line, toggle } from "./fields.js";
import { Form, fold } from "./form.js";
import { jobSheet } from "./models_jobs.js";
import { optional } from "./models_making.js";
import { t } from "./text.js";

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
