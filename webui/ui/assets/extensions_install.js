// Installing an extension: what it would do is shown first, and nothing of it runs before consent.
import { Refused, post } from "./api.js";
import { h, newId } from "./dom.js";
import { bytes, local, t, tn, word } from "./text.js";

/** { element, update(name) }: the form, and the plan that was made last. `done()`: something was installed. */
export function installPart(done) {
  const id = newId();
  const source = h("input", { id, type: "text", autocomplete: "off", spellcheck: "false" });
  const ask = h("button.quiet", { type: "submit" }, t("ui.extensions.look"));
  const problem = h("p.problem", { role: "alert" });
  const place = h("div", { "aria-live": "polite" });
  const form = h("form.row", {}, source, ask);
  const label = h("label", { for: id }, t("ui.extensions.source"));

  const trying = async act => {
    problem.textContent = "";
    ask.disabled = true;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problem.textContent = word(error.problems[0]);
    }
    ask.disabled = false;
  };
  const show = plan => {
    const consent = h("button.primary", { type: "button" }, t("ui.extensions.install"));
    const leave = h("button.quiet", { type: "button" }, t("ui.extensions.leave"));
    leave.addEventListener("click", () => place.replaceChildren());
    consent.addEventListener("click", () =>
      trying(async () => {
        await post(`/extension-plans/${plan.id}/install`);
        place.replaceChildren();
        await done();
      }),
    );
    place.replaceChildren(planCard(plan, h("div.row", {}, consent, leave)));
    consent.focus();
  };
  form.addEventListener("submit", event => {
    event.preventDefault();
    trying(async () => show(await post("/extension-plans", { source: source.value.trim() })));
  });
  const element = h("section.field", { "data-part": "install" }, label, form, problem, place);
  return { element, update: name => trying(async () => show(await post(`/extensions/${name}/update`))) };
}

function planCard(plan, buttons) {
  const { manifest } = plan;
  const version = plan.before ? `${plan.before} → ${manifest.version}` : manifest.version;
  const none = "–";
  const facts = [
    [t("ui.extensions.from"), plan.revision ? `${plan.source} @ ${plan.revision.slice(0, 10)}` : plan.source],
    [t("ui.extensions.size"), `${tn("ui.extensions.files", plan.files)}, ${bytes(plan.bytes)}`],
    [t("ui.extensions.permissions"), manifest.permissions.join(", ") || none],
    [t("ui.extensions.packages"), plan.packages.map(one => `${one.name} ${one.version}`).join(", ") || none],
    ...changes(plan),
  ];
  return h(
    "div.card",
    { "data-state": "plan" },
    h(
      "div",
      {},
      h("h3", {}, local(manifest.title) || manifest.name, h("small", {}, version)),
      h("p", {}, local(manifest.description)),
      h("dl.facts", {}, ...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
      h("p.hint", {}, t("ui.extensions.rights")),
      buttons,
    ),
  );
}

const changes = plan =>
  ["added", "changed", "removed"]
    .filter(kind => plan[kind].length)
    .map(kind => [t(`ui.extensions.${kind}`), plan[kind].join(", ")]);
