// Settings: each is saved as soon as it is changed, and says so.
import { get, patch } from "./api.js";
import { h } from "./dom.js";
import { choice, field, line, number, text, toggle } from "./fields.js";
import { titleOf } from "./model.js";
import { setTheme } from "./page.js";
import { recall } from "./store.js";
import { local, t, word } from "./text.js";

const LANGUAGES = { en: "English", pl: "Polski" };
const THEMES = ["system", "light", "dark"];

export async function mount({ element, props }) {
  const data = Object.fromEntries(
    props.fields.map(one => [one.name, { ...one, label: `settings.${one.name}` }]),
  );
  const sheet = h("div.sheet");
  element.replaceChildren(
    h("div.page", {}, h("h2", {}, t("ui.tab.settings")), h("p.lead", {}, t("ui.settings.lead")), sheet),
  );
  const [settings, { models }] = await Promise.all([get("/settings"), get("/offers")]);

  const saved = (part, send = value => ({ [part.name]: value }), after = () => {}) => {
    part.control.addEventListener("change", () => save(part, send(part.read())).then(ok => ok && after()));
    return part.element;
  };
  const core = (make, name, more = {}, after) => {
    const part = make({ ...data[name], ...more });
    part.write(settings[name]);
    return saved(part, undefined, after);
  };
  const worded = name => data[name].choices.map(value => ({ value, label: t(`ui.choice.${value}`) }));
  const languages = data.language.choices.map(value => ({
    value,
    label: LANGUAGES[value] ?? t(`ui.choice.${value}`),
  }));
  const own = models
    .filter(model => !model.problem)
    .map(model => ({ value: model.id, label: titleOf(model) }));

  sheet.replaceChildren(
    section(
      "ui.settings.look",
      core(choice, "language", { choices: languages }, () => location.reload()),
      themePart(),
    ),
    section(
      "ui.settings.pictures",
      h(
        "div.pair",
        {},
        core(choice, "image_format", { choices: worded("image_format") }),
        core(number, "image_quality", { hint: "settings.image_quality.hint", slider: [1, 100, 1] }),
      ),
      core(line, "file_name", { hint: "settings.file_name.hint" }),
    ),
    section(
      "ui.settings.making",
      core(choice, "default_model", {
        choices: [{ value: null, label: t("ui.settings.any_model") }, ...own],
      }),
      core(lines, "model_folders", {
        name: "model_folders",
        label: "settings.model_folders",
        hint: "settings.model_folders.hint",
        rows: 2,
      }),
      core(number, "memory_budget", { hint: "settings.memory_budget.hint", slider: [10, 100, 5] }),
      core(choice, "noise_source", { choices: worded("noise_source"), hint: "settings.noise_source.hint" }),
    ),
    section(
      "ui.settings.net",
      core(choice, "downloads", { choices: worded("downloads") }),
      core(secret, "hub_token", { hint: "settings.hub_token.hint" }),
      core(secret, "civitai_token", { hint: "settings.civitai_token.hint" }),
    ),
    section("ui.settings.preview", core(toggle, "live_preview"), core(number, "preview_every")),
    ...window.easel.settings.map(one =>
      extensionSection(one, settings.extensions[one.extension] ?? {}, saved),
    ),
  );
}

/** A list of texts, one a line. */
function lines(data) {
  const part = text(data);
  const read = () =>
    part
      .read()
      .split("\n")
      .map(one => one.trim())
      .filter(Boolean);
  return { ...part, read, write: value => part.write((value ?? []).join("\n")) };
}

/** A line that nobody beside the user can read; the server never sends back what it holds. */
function secret(data) {
  const part = line(data);
  Object.assign(part.control, { type: "password", autocomplete: "new-password" });
  return part;
}

const section = (title, ...parts) => h("section", {}, h("h3", {}, t(title)), ...parts);

async function save(part, values) {
  part.element.querySelector(".saved")?.remove();
  try {
    await patch("/settings", values);
  } catch (error) {
    part.blame(word(error.problems[0], "settings"));
    return false;
  }
  part.clear();
  const mark = h("span.saved", { role: "status" }, t("ui.settings.saved"));
  part.element.append(mark);
  setTimeout(() => mark.remove(), 2500);
  return true;
}

/** Light or dark is a matter of this browser, not of the server. */
function themePart() {
  const part = choice({
    name: "theme",
    label: "ui.settings.theme",
    choices: THEMES.map(value => ({ value, label: t(`ui.theme.${value}`) })),
  });
  part.write(recall("page.theme") ?? "system");
  part.control.addEventListener("change", () => setTheme(part.read()));
  return part.element;
}

function extensionSection({ extension, title, fields }, values, saved) {
  const parts = fields.map(field).map((part, i) => {
    part.write(values[fields[i].name] ?? fields[i].default);
    return part;
  });
  const all = () => ({
    extensions: { [extension]: Object.fromEntries(parts.map((part, i) => [fields[i].name, part.read()])) },
  });
  return h(
    "section",
    {},
    h("h3", {}, local(title) || extension),
    parts.map(part => saved(part, all)),
  );
}
