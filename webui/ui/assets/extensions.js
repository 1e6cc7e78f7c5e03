// Extensions: what there is, how it is, on and off.
import { get, post } from "./api.js";
import { h } from "./dom.js";
import { installPart } from "./extensions_install.js";
import { toggle } from "./fields.js";
import { local, t, word } from "./text.js";

export async function mount({ element }) {
  const list = h("ul.cards");
  const problem = h("p.problem", { role: "alert" });
  const again = h(
    "button.link",
    { type: "button", onclick: () => location.reload() },
    t("ui.extensions.reload"),
  );
  const said = h("span");
  const hint = h("p.restart", { role: "status", hidden: true }, said, " ", again);
  const tell = what => {
    said.textContent = t(`ui.extensions.${what}`);
    again.hidden = what === "next_start"; // nothing of it is there before
    hint.hidden = false;
  };
  const head = [h("h2", {}, t("ui.tab.extensions")), h("p.lead", {}, t("ui.extensions.lead"))];
  const install = installPart(async () => {
    tell("next_start");
    await trying(load);
  });
  element.replaceChildren(h("div.page", {}, head, hint, problem, list, install.element));

  const trying = async act => {
    problem.textContent = "";
    try {
      await act();
    } catch (error) {
      problem.textContent = word(error.problems[0]);
    }
  };
  const load = async () => {
    const { extensions, installed } = await get("/extensions");
    const own = new Set(installed);
    const buttons = one => [
      one.state === "quarantined" && button("release", () => act(one.name, "release")),
      own.has(one.name) && button("update", () => install.update(one.name)),
      own.has(one.name) && button("remove", () => act(one.name, "remove")),
    ];
    const cards = extensions.map(one => card(one, turn, buttons(one)));
    list.replaceChildren(...(cards.length ? cards : [h("li.none", {}, t("ui.extensions.none"))]));
  };
  const turn = async (name, on) => {
    await trying(async () => {
      await post(`/extensions/${name}/${on ? "enable" : "disable"}`);
      tell("restart");
    });
    await trying(load);
    list.querySelector(`[data-field="${CSS.escape(name)}"] input`)?.focus();
  };
  const act = async (name, what) => {
    await trying(async () => {
      await post(`/extensions/${name}/${what}`);
      tell(what === "release" ? "restart" : "next_start");
    });
    await trying(load);
  };
  await trying(load);
}

const button = (what, onclick) =>
  h("button.quiet", { type: "button", onclick }, t(`ui.extensions.${what}`));

function card(one, turn, buttons) {
  const title = local(one.title) || one.name;
  const part = toggle({ name: one.name, title: { en: t("ui.extensions.on", { title }) } });
  part.write(one.state !== "disabled");
  part.control.addEventListener("change", () => turn(one.name, part.read()));
  const version = one.version && h("small", {}, one.version);
  const state = h("span.state", {}, t(`ui.extensions.${one.state}`));
  const words = [h("h3", {}, title, version, state), h("p", {}, local(one.description))];
  const problem = one.problem && h("p.problem", {}, word(one.problem));
  const about = h("div", {}, words, problem, h("div.row", {}, buttons));
  return h("li.card", { "data-state": one.state }, about, part.element);
}
