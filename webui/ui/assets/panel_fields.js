// The fields of extensions' panels: those of all forms, and pictures, rectangles, lists, menus of models.
import { boxField } from "./box_field.js";
import { field } from "./fields.js";
import { fold } from "./form.js";
import { modelMenu } from "./model_menu.js";
import { pictureField, picturesField } from "./picture_fields.js";
import { rowsField } from "./rows_field.js";
import { t } from "./text.js";

const KINDS = { models: modelMenu, picture: pictureField, pictures: picturesField, rows: rowsField, box: boxField };

/**
 * The fields of one model. around: { key, size(), model(), value(name) of a neighbour, boxed, scheduled: numbers take
 * schedules }.
 * { fields, elements, look() }: `look` shows those that the values of others call for.
 */
export function fieldsOf(list, around) {
  const { scheduled = false } = around;
  const make = data => KINDS[data.kind]?.(data, { ...around, fieldsOf }) ?? field({ ...data, scheduled });
  const fields = list.map(make);
  const usual = fields.filter((_, i) => !list[i].fine);
  const fine = fields.filter((_, i) => list[i].fine);
  const elements = usual.map(one => one.element);
  if (fine.length) elements.push(fold(`${around.key}.fine`, t("ui.finer"), ...fine.map(one => one.element)));
  const look = () => {
    for (const [i, { when }] of list.entries())
      if (when)
        fields[i].element.hidden = !Object.entries(when).every(([name, values]) => values.includes(around.value(name)));
  };
  return { fields, elements, look };
}
