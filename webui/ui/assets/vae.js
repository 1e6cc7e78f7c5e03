// The menu of autoencoders: as suits the model, its own, or a file of models/vae.
import { get } from "./api.js";
import { choice } from "./fields.js";
import { live } from "./live.js";
import { titleOf } from "./models_card.js";
import { followOffers } from "./offers.js";
import { t } from "./text.js";

const AGAIN = 1000; // milliseconds; the list is read piece by piece
const fills = new Set();
let found = [];
let waiting = 0; // the timer of the next question

async function load() {
  const page = await get("/models?kind=vae&limit=1000").catch(() => null);
  clearTimeout(waiting);
  if (page ? !page.whole : live.link === "online") waiting = setTimeout(load, AGAIN);
  if (!page || JSON.stringify(page.entries) === JSON.stringify(found)) return;
  found = page.entries;
  for (const fill of fills) fill();
}
followOffers(load);
addEventListener("focus", load);

/** A file's name, as it stands in a picture's parameters, is the file's entry in the menu. */
const known = name => found.find(one => [one.name, one.path?.split(/[\\/]/).at(-1)].includes(name))?.name;

export function vaeField(data) {
  const first = [
    { value: null, label: t("ui.vae.automatic") },
    { value: "None", label: t("ui.vae.own") },
  ];
  const menu = choice({ ...data, choices: first, hint: "ui.vae.hint" });
  const offer = () => {
    const usable = found.filter(one => !one.problem);
    menu.offer([...first, ...usable.map(one => ({ value: one.name, label: titleOf(one) }))]);
    menu.write(known(menu.read()) ?? menu.read());
  };
  fills.add(offer);
  offer();
  const meant = value => (value === "Automatic" ? null : (known(value) ?? value));
  return {
    ...menu,
    write: value => menu.write(meant(value)),
    offers: value => menu.offers(meant(value)),
  };
}
