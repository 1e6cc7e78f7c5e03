// The refiner: another model that takes over in mid-run.
import { h } from "./dom.js";
import { choice, number } from "./fields.js";
import { modelChoices, switched } from "./part.js";

export function refinerPart(form, data) {
  const model = choice({ ...data["refiner.model"], label: "ui.refiner.model" });
  const share = { ...data["refiner.switch_at"], step: 0.05, slider: [0.05, 1, 0.05] };
  const fields = h("div.pair", {}, form.add(model), form.add(number(share)));
  const element = switched(form, "refiner", "ui.refiner", fields);
  const offer = offers => {
    model.offer(modelChoices(offers));
    form.suggest({ "refiner.model": modelChoices(offers)[0]?.value ?? null });
  };
  return { element, offer };
}
