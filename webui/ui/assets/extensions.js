// Extensions: what there is, how it is, on and off.
import { get, post } from "./api.js";
import { h } from "./dom.js";
import { toggle } from "./fields.js";
import { local, t, word } from "./text.js";

export async function mount({ element }) {
  const list = h("ul.cards");
  const hint = h("p.restart", { role: "status", hidden: true }, h("span", {}, t("ui.extensions.restart")),
    h("button.link", { type: "button", onclick: () => location.reload() }, t("ui.extensions.reload")));
  const problem = h("p.problem", { role: "alert" });
  element.replaceChildren(h("div.page", {}, h("h2", {}, t("ui.tab.extensions")), h("p.lead", {}, t("ui.extensions.lead")), hint, problem, list));

  const show = extensions => list.replaceChildren(...(extensions.length ? extensions.map(card) : [h("li.none", {}, t("ui.extensions.none"))]));
  const turn = async (name, on) => {
    problem.textContent = "";
    try {
      await post(`/extensions/${name}/${on ? "enable" : "disable"}`);
      hint.hidden = false;
    } catch (error) {
      problem.textContent = word(error.problems[0]);
    }
    await load();
    list.querySelector(`[data-field="${CSS.escape(name)}"] input`)?.focus();
  };
  const card = one => {
    const title = local(one.title) || one.name;
    const part = toggle({ name: one.name, title: { en: t("ui.extensions.on", { title }) } });
    part.write(one.state !== "disabled");
    part.control.addEventListener("change", () => turn(one.name, part.read()));
    return h("li.card", { "data-state": one.state },
      h("div", {},
        h("h3", {}, title, one.version && h("small", {}, one.version), h("span.state", {}, t(`ui.extensions.${one.state}`))),
        h("p", {}, local(one.description)),
        one.problem && h("p.problem", {}, one.problem)),
      part.element);
  };
  const load = async () => {
    try {
      show(listOf(await get("/extensions")));
    } catch (error) {
      problem.textContent = word(error.problems[0]);
    }
  };
  await load();
}

const listOf = answer => answer.extensions ?? answer;
