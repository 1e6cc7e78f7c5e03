// What all requests have that begin with a picture.
import { pair } from "./drawing.js";
import { number, toggle } from "./fields.js";

export const strengthOf = (form, data) =>
  form.add(number({ ...data.strength, step: 0.01, slider: [0, 1, 0.01], hint: "ui.strength.hint" }));

/** An edit model sees the picture beside the noise that it begins with: nothing of it need stay in that. */
export const suitStrength = (form, data) => model =>
  form.suggest({ strength: model.variant === "edit" ? 1 : data.strength.default });

/** A field that is there only where the chosen model is of the variant that reads it. */
export function forVariant(field, variant) {
  field.element.hidden = true;
  return model => (field.element.hidden = model.variant !== variant);
}

/** What few need. */
export const fineFields = (form, data) => [
  form.add(toggle(data.color_correction)),
  form.add(toggle({ ...data.exact_steps, hint: "ui.exact_steps.hint" })),
  pair(
    form.add(number({ ...data.extra_noise, step: 0.01, slider: [0, 1, 0.01] })),
    form.add(number({ ...data.noise_multiplier, step: 0.01, slider: [0, 1.5, 0.01] })),
  ),
];
