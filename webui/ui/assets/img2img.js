// Image to image: a picture, painted on if wanted, and what becomes of it.
import { batchPart } from "./batch.js";
import { captionPart } from "./caption.js";
import { dataOf, drawingTab, pair, worded } from "./drawing.js";
import { number } from "./fields.js";
import { Form, fold } from "./form.js";
import { fineFields, forVariant, strengthOf, suitStrength } from "./from_picture.js";
import { switched } from "./part.js";
import { takeParameters } from "./paste.js";
import { requestOf } from "./request.js";
import { fitPart } from "./fit.js";
import { itemOf, receive } from "./send.js";
import { sourcePart } from "./source.js";
import { stagePart } from "./stage.js";
import { h } from "./dom.js";
import { t } from "./text.js";
import { storedUrl } from "./upload.js";

/** How a picture came to the size of the result, in the words of CSS. */
const FITS = { just_resize: "fill", latent: "fill", crop: "cover", fill: "contain" };

export function mount({ element, props }) {
  const form = new Form("img2img");
  const data = dataOf(props.fields);
  const source = sourcePart(form, { mode: "sketch", key: "img2img" });
  const size = fitPart(form, data, source);
  const caption = captionPart(form, source);
  const batch = batchPart(form, () => requestOf(form, "img2img", size.without()));
  const imageScale = number({ ...data.image_cfg_scale, step: 0.1, slider: [0, 3, 0.1] });
  const goOn = picture =>
    h("button.quiet", { type: "button", onclick: () => use(itemOf(picture)) }, t("ui.img2img.go_on"));
  const stage = stagePart({
    name: "img2img",
    kinds: ["img2img"],
    home: source.home,
    choices: (picture, job, { hold }) => [hold, goOn(picture)],
    before: (_, { request }) =>
      request.image && { url: storedUrl(request.image), fit: FITS[request.resize_mode] },
  });
  const use = async item => {
    await source.load(item);
    stage.goHome();
  };
  drawingTab(element, {
    form,
    data,
    stage,
    own: [strengthOf(form, data), form.add(imageScale), size.element],
    folds: [loopback(form, data), finer(form, data), batch.element],
    suits: [size.suit, suitStrength(form, data), forVariant(imageScale, "edit")],
    ask: [caption.element],
    fills: [size.offer, caption.offer],
    request: async () => ({ ...requestOf(form, "img2img", size.without()), image: await source.image() }),
  });
  receive("img2img", async item => {
    const undo = await source.load(item);
    stage.goHome();
    await takeParameters(form, item, { done: "ui.send.both", undo });
  });
}

const finer = (form, data) => fold("img2img.finer", t("ui.img2img.finer"), ...fineFields(form, data));

function loopback(form, data) {
  const of = name => data[`loopback.${name}`];
  return switched(
    form,
    "loopback",
    "ui.loopback",
    form.add(number({ ...of("loops"), default: 4, slider: [2, 32, 1] })),
    pair(
      form.add(number({ ...of("final_strength"), step: 0.01, slider: [0, 1, 0.01] })),
      form.add(worded(of("curve"), { words: "ui.curve" })),
    ),
  );
}
