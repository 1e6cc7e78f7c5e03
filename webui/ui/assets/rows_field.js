// A list of values of one model: each a group of fields that is added, doubled and taken out.
import { compound } from "./compound.js";
import { moves, seenAt } from "./box_field.js";
import { boxSheet } from "./box_sheet.js";
import { arrange, h, icon, iconButton, newId } from "./dom.js";
import { chooser, isVisible, takeFiles } from "./editor_intake.js";
import { sender } from "./picture_fields.js";
import { local, t } from "./text.js";

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

export function rowsField(data, around) {
  const named = local(data.row) || t("ui.panel.row");
  const nameOf = i => `${named} ${i + (data.first ?? 1)}`;
  const usual = Object.fromEntries(data.fields.map(one => [one.name, one.default ?? null]));
  const boxName = data.fields.find(one => one.kind === "box")?.name;
  const pictureName = data.fields.find(one => one.kind === "picture" && !one.mask)?.name;
  let rows = [];
  const values = () => rows.map(one => one.value);
  const tell = () => {
    sheet?.show();
    made.tell();
  };
  const list = h("div.rows", {});
  const input = chooser(files => takeAll(files), { "data-takes": data.name, multiple: true });
  const begin = () => (pictureName ? input.click() : put(rows.length, {}));
  const add = h("button.quiet.add-row", { type: "button", "aria-label": t("ui.panel.add", { name: named }), onclick: begin }, icon("plus"), h("span", {}, named));
  const sheet = boxName
    ? boxSheet({
        size: around.size,
        boxes: () => values().map(one => seenAt(one[boxName])),
        name: nameOf,
        draw: box => full() || put(rows.length, { [boxName]: box }),
        change: (i, box) => moves(rows[i].value[boxName]) || set(i, boxName, box),
        remove: i => takeOut(i),
      })
    : null;
  const made = compound(data, ...(sheet ? [sheet.element] : []), list, add, input);
  const { status, send, trying } = sender(made.blame, data.name);
  made.element.append(status);
  const full = () => rows.length >= (data.most ?? Infinity);
  const takeAll = files =>
    trying(async () => {
      for (const file of files) {
        const ref = await send(file);
        if (!full()) put(rows.length, { [pictureName]: ref }, false);
      }
    });
  const rowOf = value => {
    const row = { value: { ...usual, ...value } };
    const key = `${around.key}.${data.name}`;
    const part = around.fieldsOf(data.fields, { ...around, key, boxed: Boolean(sheet), value: name => row.value[name] });
    row.fields = new Map(part.fields.map(one => [one.name, one]));
    for (const one of part.fields) {
      one.write(row.value[one.name]);
      one.control.addEventListener("input", () => {
        one.clear();
        row.value = { ...row.value, [one.name]: one.read() };
        part.look();
        tell();
      });
    }
    part.look();
    row.title = h("strong.row-name", { id: newId() });
    const place = () => rows.indexOf(row);
    row.copy = iconButton("copy", "", () => put(place() + 1, structuredClone(row.value)));
    row.out = iconButton("wipe", "", () => takeOut(place()));
    const head = h("header", {}, row.title, row.copy, row.out);
    row.element = h("div.row-of", { role: "group", "aria-labelledby": row.title.id }, head, h("div.inside", {}, ...part.elements));
    return row;
  };
  const show = () => {
    arrange(list, rows.map(one => one.element));
    for (const [i, row] of rows.entries()) {
      row.title.textContent = nameOf(i);
      for (const [button, words] of [[row.copy, "ui.panel.copy"], [row.out, "ui.panel.remove"]])
        for (const name of ["aria-label", "title"]) button.setAttribute(name, t(words, { name: nameOf(i) }));
      row.copy.hidden = full();
    }
    list.hidden = !rows.length;
    add.hidden = full();
    sheet?.show();
  };
  const put = (at, value, focus = true) => {
    rows = rows.toSpliced(at, 0, rowOf(value));
    show();
    made.tell();
    if (focus) rows[at].element.querySelector(":scope > .inside :is(input:not(.unseen), select, textarea, button)")?.focus();
  };
  const takeOut = i => {
    rows = rows.toSpliced(i, 1);
    show();
    made.tell();
    (rows[Math.min(i, rows.length - 1)]?.out ?? add).focus();
  };
  /** Set one field of a row, as the sheet does. */
  const set = (i, name, value) => {
    const row = rows[i];
    row.value = { ...row.value, [name]: value };
    row.fields.get(name).write(value);
    row.fields.get(name).clear();
    tell();
  };
  const write = value => {
    const next = value ?? [];
    if (rows.length && same(next, values())) return;
    rows = next.map(rowOf);
    show();
  };
  if (pictureName)
    takeFiles(made.element, {
      listens: target => isVisible(made.element) && made.element.contains(target) && !target.closest(".row-of"),
      take: takeAll,
    });
  show();
  return {
    ...made,
    read: values,
    write,
    suit: () => rows.forEach(row => row.fields.forEach(one => one.suit?.())),
    fit: () => (sheet?.show(), rows.forEach(row => row.fields.forEach(one => one.fit?.()))),
    blame: (sentence, place = data.name) => {
      const [i, ...rest] = place.slice(data.name.length + 1).split(".");
      const one = rows[Number(i)]?.fields.get(rest[0]);
      if (i === "" || !one) return made.blame(sentence);
      one.blame(sentence, rest.join("."));
      one.element.closest("details.fold .row-of details")?.setAttribute("open", "");
    },
    clear: () => {
      made.clear();
      for (const row of rows) row.fields.forEach(one => one.clear());
    },
  };
}
