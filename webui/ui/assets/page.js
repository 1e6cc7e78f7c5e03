// The frame around the tabs: name, how the worker is, whether the server is there, light or dark.
import "./image_info.js"; // a place to send pictures to, also before its tab is visited
import { h, say } from "./dom.js";
import { follow, live } from "./live.js";
import { loadScripts } from "./page_scripts.js";
import { recall, remember } from "./store.js";
import { t, word } from "./text.js";

const SHOWN = 4000; // milliseconds that good news stay

export function mount({ element }) {
  const mark = h("img", { alt: "", width: 26, height: 26 });
  mark.src = new URL("./easel.svg", import.meta.url);
  element.replaceChildren(h("header.brand", {}, mark, h("h1", {}, "Easel")), workerPart(), linkPart());
  keepDark();
  keepTab();
  keepPage();
  loadScripts();
}

function workerPart() {
  const words = h("span");
  const pill = h("p.worker", { role: "status" }, h("i", { "aria-hidden": "true" }), words);
  follow(() => {
    const { state, device, problem } = live.worker;
    pill.dataset.state = state;
    say(
      words,
      state === "dead" && problem ? word(problem) : t(`ui.worker.${state}`, { device: deviceName(device) }),
    );
    pill.title = words.textContent;
  });
  return pill;
}

const deviceName = device =>
  (/^(cpu|mps|xpu)$/.test(device) ? device.toUpperCase() : device) || t("ui.worker.device");

/** What keeps the program from working, as long as it does; and, for a moment, that it is over. */
function linkPart() {
  const banner = h("div.banner", { role: "alert", hidden: true });
  let lost = false,
    backUntil = 0,
    told = "";
  const words = () => {
    const { state, problem } = live.worker;
    if (live.link === "login")
      return [t("ui.link.login"), "bad", h("a", { href: "/login" }, t("ui.link.enter"))];
    if (live.link === "lost") return [t("ui.link.lost"), "bad"];
    if (Date.now() < backUntil) return [t("ui.link.back"), "good"];
    return [state === "dead" && problem ? word(problem) : "", "bad"];
  };
  const show = () => {
    const [sentence, kind, link] = words();
    if (sentence === told) return;
    told = sentence;
    banner.hidden = !sentence;
    banner.dataset.kind = kind;
    banner.replaceChildren(h("span", {}, sentence), link ?? "");
  };
  follow(() => {
    if (lost && live.link === "online") {
      backUntil = Date.now() + SHOWN;
      setTimeout(show, SHOWN + 50);
    }
    lost = live.link === "lost";
    show();
  });
  return banner;
}

/** The choice of this browser: "system", "light" or "dark". */
export function setTheme(theme) {
  remember("page.theme", theme);
  document.documentElement.dataset.theme = theme;
  matchDark();
}

const system = matchMedia("(prefers-color-scheme: dark)");

// Gradio's own parts look at body.dark, ours at color-scheme.
function matchDark() {
  const { theme } = document.documentElement.dataset;
  const dark = theme === "dark" || (theme !== "light" && system.matches);
  if (document.body.classList.contains("dark") !== dark) document.body.classList.toggle("dark", dark);
}

function keepDark() {
  system.addEventListener("change", matchDark);
  new MutationObserver(matchDark).observe(document.body, { attributeFilter: ["class"] });
  matchDark();
}

/** A refresh comes back to the tab one was at; on a phone the chosen one is scrolled into sight. */
function keepTab() {
  const back = () => {
    const bar = document.querySelector("#tabs [role=tablist]");
    if (!bar) return requestAnimationFrame(back);
    bar.addEventListener("click", event => {
      const tab = event.target.closest("[role=tab]");
      if (!tab) return;
      remember("page.tab", tab.id);
      tab.scrollIntoView({ block: "nearest", inline: "center" });
    });
    document.getElementById(recall("page.tab"))?.click();
  };
  back();
}

/** A file dropped beside every place for files does not take the page's place. */
function keepPage() {
  addEventListener("dragover", event => {
    if (event.defaultPrevented || !event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  });
}
