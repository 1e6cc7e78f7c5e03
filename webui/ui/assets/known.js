// Well-known models: listed without asking the net, brought here when the user says so.
import { Refused, get, post } from "./api.js";
import { h, iconButton, newId } from "./dom.js";
import { over, take } from "./live.js";
import { familyName, primary, quiet } from "./models_card.js";
import { notice } from "./notice.js";
import { refreshOffers } from "./offers.js";
import { bytes, t, tn, word } from "./text.js";

const TYPING = 200; // milliseconds after the last letter
const MARK = "known:"; // before the name of one in a menu that is not there yet

const factsOf = one =>
  [
    t(`ui.models.is.${one.kind}`),
    one.family && familyName(one.family),
    one.bytes && bytes(one.bytes),
    one.licence,
  ]
    .filter(Boolean)
    .join(" · ");

/** Ask whether to download, and do it; resolves to the finished job, or null. `what`: fields of a download. */
export function offerDownload({ title, facts, what, from = what.source, token, pickle }) {
  return new Promise(resolve => {
    const alert = h("div.alert", { role: "alert" });
    const heading = h("h2", { id: newId() }, t("ui.known.ask", { title }));
    const dialog = h("dialog.consent", { "aria-labelledby": heading.id });
    const begin = async () => {
      try {
        const job = await post("/jobs", { kind: "download", ...what });
        take(job);
        notice(t("ui.models.begun", { title }));
        dialog.close();
        resolve(await ended(job, title));
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        alert.replaceChildren(...error.problems.map(problem => h("p", {}, word(problem))));
      }
    };
    const go = primary("ui.models.download.start", begin);
    dialog.append(
      heading,
      h("p.facts", {}, facts),
      h("p.source", {}, from),
      token ? h("p.hint", {}, t("ui.known.token")) : "",
      pickle ? h("p.hint", {}, t("ui.known.pickle")) : "",
      alert,
      h("div.buttons", {}, go, quiet("ui.known.no", () => dialog.close())),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null);
    });
    document.body.append(dialog);
    dialog.showModal();
    go.focus();
  });
}

async function ended(job, title) {
  const done = await over(job.id);
  if (done.problem) notice(word(done.problem));
  else if (done.state === "finished") notice(t("ui.known.done", { title }));
  return done.state === "finished" ? done : null;
}

/** Ask for one of the list. */
export const offerKnown = one =>
  offerDownload({
    title: one.title,
    facts: factsOf(one),
    what: { source: one.name },
    from: one.source,
    token: one.token,
    pickle: one.pickle,
  });

/** The menu of models, with those of the list at its end: choosing one asks first. */
export function knownMenu(menu, form) {
  let here = [];
  let list = [];
  const fill = () => {
    const missing = list.filter(one => !one.here);
    const more = missing.map(one => ({
      value: MARK + one.name,
      label: one.bytes ? `${one.title} (${bytes(one.bytes)})` : one.title,
      group: t("ui.known.group"),
    }));
    menu.offer([...here, ...more]);
  };
  const load = async () => {
    const { models } = await get("/known-models?kind=checkpoint").catch(() => ({ models: [] }));
    list = models;
    fill();
  };
  let last = null;
  menu.control.addEventListener(
    "input",
    event => {
      const one = list.find(other => MARK + other.name === menu.read());
      if (!one) return;
      event.stopImmediatePropagation(); // nothing is chosen yet
      menu.write(last);
      offerKnown(one).then(async job => {
        if (!job) return;
        await refreshOffers();
        await load();
        const now = list.find(other => other.name === one.name);
        const { name } = (now?.here && (await get(`/models/checkpoint/${now.here}`).catch(() => null))) || {};
        if (name) form.set("model", name);
      });
    },
    true,
  );
  form.onChange(() => (last = form.value("model")));
  return {
    offer: models => {
      here = models;
      last = form.value("model");
      fill();
      load();
    },
  };
}

/** The sheet of all of them; `onMade()` is called when one is there. Returns { open }. */
export function knownSheet(onMade) {
  const heading = h("h2", { id: newId() }, t("ui.known"));
  const close = iconButton("close", t("ui.close"), () => dialog.close());
  const id = newId();
  const box = h("input", { type: "search", id, maxlength: 500, autocomplete: "off" });
  const search = h("div.field.search", {}, h("label", { for: id }, t("ui.models.search")), box);
  const count = h("p.count", { role: "status" });
  const list = h("ul.known");
  const hint = h("p.hint", {}, t("ui.known.hint"));
  const about = h("div.about", {}, h("header", {}, heading, close), hint, search, count, list);
  const dialog = h("dialog.model-sheet", { "aria-labelledby": heading.id }, about);
  let timer = 0;

  const load = async () => {
    const path = `/known-models?search=${encodeURIComponent(box.value.trim())}`;
    const { models } = await get(path).catch(() => ({ models: [] }));
    count.textContent = tn("ui.models.count", models.length);
    list.replaceChildren(...models.map(row));
  };
  const row = one => {
    const bring = async () => {
      if (await offerKnown(one)) {
        await onMade();
        load();
      }
    };
    const button = one.here
      ? h("span.mark.good", {}, t("ui.known.here"))
      : h(
          "button.quiet",
          { type: "button", "aria-label": `${t("ui.models.download.start")}: ${one.title}`, onclick: bring },
          t("ui.models.download.start"),
        );
    const facts = h("span.facts", {}, factsOf(one), one.token ? ` · ${t("ui.known.needs_token")}` : "");
    return h("li", {}, h("div", {}, h("strong", {}, one.title), facts, h("code", {}, one.name)), button);
  };
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(load, TYPING);
  });
  dialog.addEventListener("close", () => dialog.remove());
  const open = () => {
    document.body.append(dialog);
    dialog.showModal();
    box.focus();
    load();
  };
  return { open };
}
