// Text to image: what is asked for on the left, what came of it on the right.
import { dataOf, drawingTab } from "./drawing.js";
import { Form } from "./form.js";
import { hiresPart } from "./hires.js";
import { takeParameters } from "./paste.js";
import { referencesPart } from "./references.js";
import { requestOf } from "./request.js";
import { receive } from "./send.js";
import { sizePart } from "./size.js";
import { stagePart } from "./stage.js";

export function mount({ element, props }) {
  const form = new Form("txt2img");
  const data = dataOf(props.fields);
  const size = sizePart(form, data);
  const hires = hiresPart(form, data);
  const references = referencesPart(form, data);
  const stage = stagePart({ name: "txt2img", kinds: ["txt2img"], tools: hires.tools });
  hires.onJob(stage.follow);
  drawingTab(element, {
    form,
    data,
    stage,
    ask: [references.element],
    own: [size.element],
    folds: [hires.element],
    suits: [size.suit],
    fills: [hires.offer],
    request: () => ({ ...requestOf(form, "txt2img", references.without()), references: references.value() }),
    onAccepted: references.tell,
  });
  receive("txt2img", item => takeParameters(form, item));
  receive("reference", references.take);
}
