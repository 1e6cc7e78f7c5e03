// Upscale: pictures enlarged, one or many; the result beside the original.
import { actionBar } from "./actions.js";
import { plainName } from "./batch.js";
import { toolChoices } from "./caption.js";
import { dataOf, frameOf, pair, storageField, worded } from "./drawing.js";
import { h, say } from "./dom.js";
import { choice, number, text, toggle } from "./fields.js";
import { Form, fold } from "./form.js";
import { followOffers } from "./offers.js";
import { ownMenus, switched } from "./part.js";
import { requestOf } from "./request.js";
import { seedField } from "./seed.js";
import { segments } from "./segments.js";
import { receive } from "./send.js";
import { stagePart } from "./stage.js";
import { storedPictures } from "./stored.js";
import { t } from "./text.js";
import { storedUrl } from "./upload.js";

const COUNTS = { by: ["by"], size: ["width", "height", "crop"] };

export function mount({ element, props }) {
  const form = new Form("upscale");
  const data = dataOf(props.fields);
  const list = storedPictures({
    key: "upscale.pictures",
    label: "ui.upscale.pictures",
    words: "ui.upscale.drop",
    field: "image",
    onChange: () => size.show(),
  });
  form.place("image", list);
  const size = sizePart(form, data, list);
  const upscalers = upscalersPart(form, data);
  const restorer = restorerPart(form, data);
  const diffusion = diffusionPart(form, data);
  const stage = stagePart({
    name: "upscale",
    kinds: ["upscale"],
    empty: "ui.upscale.empty",
    before: (_, job) => ({ url: storedUrl(job.request.image), fit: "cover", slider: true }),
  });
  const request = picture => ({ ...requestOf(form, "upscale", size.without()), image: picture?.ref });
  const named = picture => ({
    ...request(picture),
    file_name: plainName(picture.title.replace(/\.[^.]*$/, "")),
  });
  const requests = () => {
    const pictures = list.pictures();
    return pictures.length > 1 ? pictures.map(named) : request(pictures[0]);
  };
  const bar = actionBar(form, requests, stage.follow);
  const format = worded(data.image_format, { none: "ui.as_in_settings" });
  const more = fold("upscale.more", t("ui.more"), form.add(format));
  const settings = [size.element, ...upscalers.elements, restorer.element, diffusion.element, more];
  frameOf(element, { name: "upscale", ask: h("div.ask", {}, list.element), settings, bar, stage });
  followOffers(offers => [upscalers.offer, restorer.offer, diffusion.offer].forEach(fill => fill(offers)));
  receive("upscale", async item => {
    list.removeAll();
    await list.take(item);
  });
}

/** By a factor, or to a size; and what that makes of the first picture. */
function sizePart(form, data, list) {
  const mode = segments({
    name: "_size",
    label: "ui.upscale.to",
    default: "by",
    choices: Object.keys(COUNTS).map(value => ({ value, label: t(`ui.upscale.to.${value}`) })),
  });
  const by = form.add(number({ ...data.by, step: 0.05, slider: [1, 8, 0.05] }));
  const sides = h(
    "div.inside",
    {},
    pair(form.add(number({ ...data.width, hint: "ui.upscale.zero" })), form.add(number(data.height))),
    form.add(toggle({ ...data.crop, hint: "ui.upscale.crop.hint" })),
  );
  const result = h("p.result", { role: "status" });
  const element = h("div.size", {}, form.add(mode), by, sides, result);
  const show = () => {
    const isBy = mode.read() === "by";
    by.hidden = !isBy;
    sides.hidden = isBy;
    const [given] = list.pictures();
    const made = given && enlarged(given, isBy, form);
    const sizes = made && { before: `${given.width} × ${given.height}`, after: made.join(" × ") };
    say(result, sizes ? t("ui.size.becomes", sizes) : "");
  };
  form.onChange(show);
  show();
  const bySize = () => mode.read() === "size" && Boolean(form.value("width") || form.value("height"));
  const without = () => (bySize() ? COUNTS.by : COUNTS.size);
  return { element, show, without };
}

/** The size that the server reckons (webui/jobs/filling.py). */
function enlarged(given, isBy, form) {
  const sides = ["width", "height"].map(name => [form.value(name), given[name]]);
  if (isBy || sides.every(([asked]) => !asked))
    return sides.map(([, side]) => Math.round(side * form.value("by")));
  if (form.value("crop") && sides.every(([asked]) => asked)) return sides.map(([asked]) => asked);
  const share = Math.min(...sides.filter(([asked]) => asked).map(([asked, side]) => asked / side));
  return sides.map(([, side]) => Math.max(1, Math.round(side * share)));
}

/** One upscaler, or a mix of two. */
function upscalersPart(form, data) {
  const none = { value: null, label: t("ui.upscale.no_second") };
  const first = choice({ ...data.upscaler, choices: [data.upscaler.default] });
  const second = choice({ ...data.upscaler_2, choices: [none] });
  const mix = form.add(number({ ...data.mix, step: 0.05, slider: [0, 1, 0.05] }));
  const elements = [form.add(first), form.add(second), mix];
  const show = () => (mix.hidden = !second.read());
  const offer = offers => {
    const names = offers.upscalers.filter(one => one.kind === "picture").map(one => one.name);
    first.offer(names);
    second.offer([none, ...names.filter(name => name !== "None")]);
    show();
  };
  form.onChange(show);
  return { elements, offer };
}

/** Faces mended by an extension that can; hidden while there is none. */
function restorerPart(form, data) {
  const none = { value: null, label: t("ui.upscale.no_restorer") };
  const menu = choice({ ...data.restorer, choices: [none] });
  const share = form.add(number({ ...data.restorer_share, step: 0.05, slider: [0, 1, 0.05] }));
  const element = h("div.part", { hidden: true }, form.add(menu), share);
  const show = () => (share.hidden = !menu.read());
  const offer = ({ restorers }) => {
    element.hidden = !restorers.length && !menu.read();
    menu.offer([none, ...toolChoices(restorers)]);
    show();
  };
  form.onChange(show);
  return { element, offer };
}

/** Drawn over tile by tile. What is left open takes what suits the model. */
function diffusionPart(form, data) {
  const of = name => data[`diffusion.${name}`];
  const menus = ownMenus(form, data, "diffusion", "ui.upscale.suits");
  const element = switched(
    form,
    "diffusion",
    "ui.upscale.diffusion",
    form.add(text({ ...of("prompt"), rows: 2, placeholder: "ui.prompt.placeholder" })),
    form.add(text({ ...of("negative_prompt"), placeholder: "ui.negative.placeholder" })),
    form.add(
      number({ ...of("strength"), step: 0.01, slider: [0, 1, 0.01], hint: "ui.upscale.strength.hint" }),
    ),
    fold(
      "upscale.diffusion",
      t("ui.upscale.finer"),
      menus.elements,
      pair(form.add(number(of("steps"))), form.add(number(of("cfg_scale")))),
      form.add(seedField(form, of("seed"))),
      pair(form.add(number(of("tile"))), form.add(number(of("overlap")))),
      form.add(storageField(data.storage)),
    ),
  );
  return { element, offer: menus.offer };
}
