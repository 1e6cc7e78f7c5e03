// How far a picture is to be continued: an amount for each side, and what comes of it.
import { h, say } from "./dom.js";
import { number } from "./fields.js";
import { t } from "./text.js";

const SIDES = ["left", "right", "up", "down"];
const MORE = [64, 128, 256];

export function sidesPart(form, data, source) {
  const picture = h("img", { alt: "" });
  const frame = h("div.frame", { role: "img" }, picture);
  const size = h("p.result", { role: "status" });
  const row = side => {
    const field = number({ ...data[side], default: 0 });
    const label = t(`ui.field.${side}`);
    const more = MORE.map(by => {
      const onclick = () => form.set(side, Math.min(data[side].max, (field.read() || 0) + by));
      return h("button.chip", { type: "button", "aria-label": `${label} +${by}`, onclick }, `+${by}`);
    });
    const none = h(
      "button.chip",
      { type: "button", "aria-label": `${label} 0`, onclick: () => form.set(side, 0) },
      "0",
    );
    form.add(field);
    field.control.after(h("div.more", {}, more, none));
    field.element.classList.add("side");
    return field.element;
  };
  const element = h("div.sides-part", {}, h("div.frame-of", {}, frame), size, SIDES.map(row));
  const amounts = () => Object.fromEntries(SIDES.map(side => [side, Math.max(0, form.value(side) || 0)]));
  let url = null;
  let shown = null;

  const draw = () => {
    const given = source.editor.size();
    element.classList.toggle("bare", !given);
    if (!given) return say(size, "");
    const { left, right, up, down } = amounts();
    const [width, height] = [given.width + left + right, given.height + up + down];
    frame.style.setProperty("--ratio", width / height);
    const share = {
      left: left / width,
      top: up / height,
      width: given.width / width,
      height: given.height / height,
    };
    for (const [name, value] of Object.entries(share)) picture.style[name] = `${value * 100}%`;
    const words = { before: `${given.width} × ${given.height}`, after: `${width} × ${height}` };
    const grows = width > given.width || height > given.height;
    say(size, grows ? t("ui.size.becomes", words) : "");
    frame.setAttribute("aria-label", grows ? size.textContent : words.before);
  };
  const follow = () => {
    const blob = source.editor.original();
    if (blob !== shown) {
      if (url) URL.revokeObjectURL(url);
      [shown, url] = [blob, blob && URL.createObjectURL(blob)];
      if (url) picture.src = url;
    }
    draw();
  };
  form.onChange(draw);
  source.onChange(follow);
  source.editor.ready.then(follow);
  return {
    element,
    names: SIDES,
    reset: () => form.reset(SIDES),
    any: () => Object.values(amounts()).some(Boolean),
  };
}
