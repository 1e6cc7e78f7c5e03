// Inpaint: part of a picture drawn anew, or the picture continued. Results are candidates until accepted.
import { isTransparent } from "./alpha.js";
import { Refused } from "./api.js";
import { candidates } from "./candidates.js";
import { dataOf, drawingTab } from "./drawing.js";
import { h } from "./dom.js";
import { editsPart } from "./edits.js";
import { toggle } from "./fields.js";
import { Form } from "./form.js";
import { strengthOf } from "./from_picture.js";
import { intentPart } from "./intent.js";
import { knobsPart } from "./knobs.js";
import { notice } from "./notice.js";
import { takeParameters } from "./paste.js";
import { requestOf } from "./request.js";
import { itemOf, receive } from "./send.js";
import { sidesPart } from "./sides.js";
import { sourcePart } from "./source.js";
import { stagePart } from "./stage.js";
import { t } from "./text.js";
import { storedUrl } from "./upload.js";

const UNMASKED = { code: "mask_blank", field: "mask", message: "" };

/** What a picture's parameters do not set here: candidates are to differ, and sizes follow from the mask. */
const NEVER_SENT = ["width", "height", "seed", "variation_seed", "variation_strength", "batch_count"];

export function mount({ element, props }) {
  const form = new Form("inpaint");
  const data = dataOf([...props.fields, ...props.sides]);
  const source = sourcePart(form, { mode: "mask", key: "inpaint" });
  const edits = editsPart("inpaint.edits", source);
  const keepMask = toggle({ name: "_keep_mask", label: "ui.inpaint.keep_mask", default: false });
  source.below.append(edits.element, form.add(keepMask));
  const showKeeping = () => (keepMask.element.hidden = !source.editor.hasMask());
  source.onChange(showKeeping);
  source.editor.ready.then(showKeeping);
  const open = candidates("inpaint");
  const stage = stagePart({
    name: "inpaint",
    kinds: ["inpaint", "outpaint"],
    home: source.home,
    before,
    choices: (picture, job, { hold }) => choicesOf(picture, hold, decide),
    hides: open.isDiscarded,
    fresh: open.has,
  });
  const sides = sidesPart(form, data, source);
  const decide = decisions({ open, edits, stage, keepsMask: keepMask.read, used: sides.reset });
  const knobs = knobsPart(form, data);
  const intent = intentPart(form, props.intents, { knobs: knobs.names, sides: sides.element });
  drawingTab(element, {
    form,
    data,
    stage,
    first: [intent.element, sides.element],
    own: [strengthOf(form, data)],
    folds: [knobs.element],
    suits: [knobs.suit],
    request: () => ask(form, { source, sides, intent, knobs }),
    onAccepted: open.await,
  });
  intent.suggest();
  const showKnobs = () => knobs.forMasks(!outpaints({ intent, sides }));
  form.onChange(showKnobs);
  showKnobs();
  const take = async item => {
    const edited = edits.restart();
    const back = await source.load(item);
    const undo = () => back().then(edited);
    stage.goHome();
    await takeParameters(form, item, { done: "ui.send.both", undo, keep: [...NEVER_SENT, ...knobs.names] });
  };
  receive("inpaint", item => {
    if (intent.read() === "expand") intent.choose("fill");
    return take(item);
  });
  receive("outpaint", item => {
    intent.choose("expand");
    return take(item);
  });
}

/** What the picture was before, and where it lies in the result. */
function before(picture, { request }) {
  const { left = 0, right = 0, up = 0, down = 0 } = request;
  const [width, height] = [picture.width, picture.height];
  const box = {
    left: left / width,
    top: up / height,
    width: (width - left - right) / width,
    height: (height - up - down) / height,
  };
  return { url: storedUrl(request.image), box };
}

/** Expand with an amount continues the picture; all else is drawn where the mask says. */
const outpaints = ({ intent, sides }) => intent.read() === "expand" && sides.any();

async function ask(form, { source, sides, intent, knobs }) {
  const image = await source.image();
  if (outpaints({ intent, sides })) return { ...requestOf(form, "outpaint", knobs.onlyMasks()), image };
  const request = requestOf(form, "inpaint", [...sides.names, ...knobs.without()]);
  const mask = await source.mask();
  if (image && !mask && !(await isTransparent(await source.editor.picture())))
    throw new Refused(0, [UNMASKED]);
  return { ...request, intent: intent.read(), image, mask };
}

/** What can be decided about a result. */
function decisions({ open, edits, stage, keepsMask, used }) {
  return {
    isOpen: open.has,
    accept: async picture => {
      if (!(await edits.accept(itemOf(picture), keepsMask()))) return;
      open.settle();
      used();
      stage.goHome();
      notice(t("ui.inpaint.accepted"), { undo: edits.undo });
    },
    keepAll: () => {
      open.settle();
      stage.goHome();
      notice(t("ui.inpaint.kept"));
    },
    discard: picture => {
      const back = open.discard(picture);
      stage.leave(open.has);
      const undo = () => {
        back();
        stage.choose(picture.id);
      };
      notice(t("ui.inpaint.discarded"), { undo });
    },
  };
}

function choicesOf(picture, hold, decide) {
  const button = (kind, key, act) =>
    h(`button.${kind}`, { type: "button", onclick: () => act(picture) }, t(`ui.inpaint.${key}`));
  if (!decide.isOpen(picture)) return [button("quiet", "go_on", decide.accept), hold];
  return [
    button("primary", "accept", decide.accept),
    hold,
    button("quiet", "discard", decide.discard),
    button("quiet", "keep_all", decide.keepAll),
  ];
}
