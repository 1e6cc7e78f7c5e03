// Pictures in extensions' panels: dropped, pasted, chosen, taken from the results, or painted as masks.
import { Refused } from "./api.js";
import { compound } from "./compound.js";
import { arrange, h, icon, iconButton } from "./dom.js";
import { chooser, isVisible, takeFiles } from "./editor_intake.js";
import { jobsNewestFirst } from "./live.js";
import { blank, paint } from "./paint_dialog.js";
import { local, percent, t, word } from "./text.js";
import { storedUrl, upload } from "./upload.js";

const button = (words, onclick) => h("button.quiet", { type: "button", onclick }, t(words));
const blobOf = async ref => (await fetch(storedUrl(ref))).blob();

/** What was drawn last, as a request names it; null where nothing was. */
function lastResult() {
  const made = jobsNewestFirst().find(job => job.pictures.length && job.request.kind !== "preprocess");
  return made ? `picture:${made.pictures.at(-1).id}` : null;
}

/** `send(file)` -> how requests name it; `trying(act)` tells the problem where there is one. */
export function sender(blame, field) {
  const status = h("p.sending", { role: "status", hidden: true });
  const onProgress = share => {
    status.hidden = share === null;
    if (share !== null) status.textContent = t("ui.uploading", { share: percent(share) });
  };
  const send = async blob => (await upload(blob, { field, onProgress })).id;
  const trying = async act => {
    blame("");
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      blame(word(error.problems[0]));
    }
  };
  return { status, send, trying };
}

/** Files dropped on the element, or pasted while the focus is in it. */
const listen = (element, take) =>
  takeFiles(element, { listens: () => isVisible(element) && element.contains(document.activeElement), take });

export function pictureField(data, around) {
  const image = h("img", { alt: local(data.title), hidden: true });
  const invite = h("button.drop-here", { type: "button", onclick: () => input.click() }, icon("upload"), h("span", {}, t("ui.drop.one")));
  const take = ref => (write(ref), made.tell());
  const takeFile = ([file]) => trying(async () => take(await send(file)));
  const input = chooser(takeFile, { "data-takes": data.name });
  const fromResult = () => {
    const ref = lastResult();
    if (ref) take(ref);
    else made.blame(t("ui.panel.no_result"));
  };
  const paintMask = () =>
    trying(async () => {
      const below = around.value(data.over);
      const picture = below ? await blobOf(below) : (around.begins() ?? (await blank(...around.size(), "#8a8a8a")));
      const mask = held && (await blobOf(held));
      const done = await paint(made.element, { title: local(data.title), picture, mode: "mask", mask });
      if (done) take(done.blob && (await send(done.blob)));
    });
  const acts = {
    paint: data.mask ? button("ui.panel.paint", paintMask) : null,
    result: data.mask ? null : button("ui.panel.result", fromResult),
    other: button("ui.panel.other", () => input.click()),
    out: button("ui.panel.out", () => (take(null), (acts.paint ?? invite).focus())),
  };
  const buttons = h("div.buttons", {}, ...Object.values(acts).filter(Boolean));
  const made = compound(data, h("div.one-picture", {}, image, invite, buttons), input);
  const { status, send, trying } = sender(made.blame, data.name);
  made.element.append(status);
  let held = null;
  const write = ref => {
    held = ref ?? null;
    image.hidden = acts.out.hidden = !held;
    invite.hidden = Boolean(held) || Boolean(data.mask);
    acts.other.hidden = !held && !data.mask;
    if (held && image.getAttribute("src") !== storedUrl(held)) image.src = storedUrl(held);
  };
  listen(made.element, takeFile);
  write(null);
  return { ...made, read: () => held, write };
}

export function picturesField(data) {
  let held = [];
  const list = h("ul.many-pictures", { "aria-label": local(data.title) });
  const input = chooser(files => takeAll(files), { "data-takes": data.name, multiple: true });
  const invite = h("button.drop-here", { type: "button", onclick: () => input.click() }, icon("upload"), h("span", {}, t("ui.drop.many")));
  const made = compound(data, list, invite, input);
  const { status, send, trying } = sender(made.blame, data.name);
  made.element.append(status);
  const takeAll = files =>
    trying(async () => {
      for (const file of files) {
        const ref = await send(file);
        if (!held.includes(ref) && held.length < (data.most ?? Infinity)) change([...held, ref]);
      }
    });
  const change = refs => (write(refs), made.tell());
  const leave = ref => {
    change(held.filter(one => one !== ref));
    (invite.hidden ? list.querySelector("button") : invite)?.focus();
  };
  const row = (ref, i) => {
    const name = `${local(data.title)} ${i + 1}`;
    return h("li", {}, h("img", { src: storedUrl(ref), alt: name }), iconButton("close", t("ui.drop.remove", { name }), () => leave(ref)));
  };
  const write = refs => {
    held = refs ?? [];
    arrange(list, held.map(row));
    list.hidden = !held.length;
    invite.hidden = held.length >= (data.most ?? Infinity);
  };
  listen(made.element, takeAll);
  write([]);
  return { ...made, read: () => held, write };
}
