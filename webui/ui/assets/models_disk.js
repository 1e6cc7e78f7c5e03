// What models take of the disk: by kind and folder, what is there twice, what was used when; and the trash.
import { del, get } from "./api.js";
import { h, iconButton, newId, say } from "./dom.js";
import { fold } from "./form.js";
import { quiet } from "./models_card.js";
import { restore } from "./models_delete.js";
import { computeHashes } from "./models_jobs.js";
import { trashPart } from "./models_trash.js";
import { notice } from "./notice.js";
import { bytes, day, number, t, tn, word } from "./text.js";

const MOST = 30; // of the largest that are listed

/** changed(): models went or came. Returns { open }. */
export function diskSheet(changed) {
  const heading = h("h2", { id: newId() }, t("ui.disk.title"));
  const close = iconButton("close", t("ui.close"), () => dialog.close());
  const total = h("p.kinds", { role: "status" });
  const kinds = h("ul.spaces");
  const folders = h("ul.spaces");
  const copies = h("ul.copies");
  const shared = h("ul.copies");
  const largest = h("ul.copies");
  const hash = quiet("ui.disk.hash", () => trying(computeHashes));
  const again = () => Promise.all([changed(), load()]);
  const trash = trashPart(again);
  const parts = [
    h("section", {}, h("h3", {}, t("ui.disk.kinds")), kinds),
    h("section", {}, h("h3", {}, t("ui.disk.copies")), copies, h("div.buttons", {}, hash), h("p.hint", {}, t("ui.disk.hash.hint"))),
    fold("disk.largest", t("ui.disk.largest"), largest),
    fold("disk.shared", t("ui.disk.shared"), shared),
    fold("disk.folders", t("ui.disk.folders"), folders),
    trash.element,
  ];
  const about = h("div.about.disk", {}, h("header", {}, heading, close), total, parts);
  const dialog = h("dialog.model-sheet", { "aria-labelledby": heading.id }, about);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", event => {
    if (event.target === dialog && event.clientX < dialog.getBoundingClientRect().left) dialog.close();
  });
  const trying = async act => {
    try {
      await act();
    } catch (error) {
      notice(word(error.problems[0]));
    }
    await load();
  };
  const remove = model => trying(async () => {
    const { id } = await del(`/models/${model.kind}/${model.id}`);
    await again();
    notice(t("ui.models.deleted", { name: nameOf(model) }), { undo: () => restore(id, again) });
  });
  const show = report => {
    const count = Object.values(report.kinds).reduce((sum, one) => sum + one.count, 0);
    say(total, `${bytes(report.bytes)} · ${tn("ui.models.count", count)}`);
    const most = Math.max(1, ...Object.values(report.kinds).map(one => one.bytes));
    const byBytes = Object.entries(report.kinds).sort(([, a], [, b]) => b.bytes - a.bytes);
    kinds.replaceChildren(...byBytes.map(([kind, one]) => spaceOf(t(`ui.models.is.${kind}`), one, one.bytes / most)));
    folders.replaceChildren(...report.folders.map(folderOf));
    list(copies, report.copies.map(one => copiesOf(one, remove)), "ui.disk.copies.none");
    list(shared, report.shared.map(one => copiesOf(one)), "ui.disk.shared.none");
    list(largest, report.models.slice(0, MOST).map(one => modelOf(one, remove)), "ui.models.none");
  };
  let timer = 0;
  const load = async () => {
    clearTimeout(timer);
    const report = await get("/disk").catch(error => void say(total, word(error.problems[0])));
    if (!report || !dialog.open) return;
    show(report);
    await trash.load();
    if (!report.whole) timer = setTimeout(load, 1000);
  };
  const open = () => {
    document.body.append(dialog);
    dialog.showModal();
    say(total, t("ui.models.reading"));
    load();
  };
  return { open };
}

const nameOf = model => model.title || model.name.split("/").at(-1);

const list = (element, rows, none) =>
  element.replaceChildren(...(rows.length ? rows : [h("li.hint", {}, t(none))]));

function spaceOf(label, { count, bytes: size }, share) {
  const bar = h("i", { "aria-hidden": "true" });
  bar.style.setProperty("--share", share);
  return h("li", {}, h("span", {}, label, h("small", {}, number(count))), h("b", {}, bytes(size)), bar);
}

function folderOf(folder) {
  const share = folder.total ? 1 - folder.free / folder.total : 0;
  const free = folder.free === null ? "" : t("ui.disk.free", { free: bytes(folder.free), total: bytes(folder.total) });
  const row = spaceOf(folder.path, folder, share);
  row.append(h("small", {}, free));
  return row;
}

/** A model with when it was used last, and a button that deletes it. */
function modelOf(model, remove) {
  const used = model.last_used ? t("ui.disk.used", { day: day(model.last_used) }) : t("ui.disk.unused");
  const facts = [t(`ui.models.is.${model.kind}`), bytes(model.bytes), used].join(" · ");
  const words = h("div.words", {}, h("strong", { title: model.name }, nameOf(model)), h("small", {}, facts));
  const button = remove && iconButton("wipe", t("ui.disk.delete", { name: nameOf(model) }), () => remove(model));
  return h("li", {}, words, button ?? null);
}

function copiesOf(group, remove) {
  const how = t(`ui.disk.copies.${group.linked ? "linked" : group.sure ? "sure" : "likely"}`);
  const part = group.part ? h("code", {}, group.part) : null;
  const head = h("p", {}, h("span.mark", {}, how), ` ${bytes(group.bytes)} `, part);
  const rows = group.models.map(one => modelOf(one, group.linked ? null : remove));
  return h("li.group", {}, head, h("ul", {}, rows));
}
