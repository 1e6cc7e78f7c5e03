// A slider over the frames: of the motion before it is drawn, or of an animation that was. With a play button.
import { h, say } from "./dom.js";
import { follow, jobsNewestFirst, live } from "./live.js";
import { loadPictures } from "./load_pictures.js";
import { day, number, percent, t } from "./text.js";

const MOTION = "";
const MOST = 12; // animations in the menu

/** plan: see animation_plan.js. glance: see animation_glance.js. prompts: see animation_prompts.js. toHome(): shows the glance. */
export function scrubPart(plan, glance, { prompts, toHome, fps }) {
  const play = h("button.quiet.play", { type: "button", onclick: () => (timer ? stop() : start()) });
  const slider = h("input.slider", { type: "range", min: 0, step: 1, value: 0, "aria-label": t("ui.animation.scrub") });
  const label = h("output.at");
  const menu = h("select", { "aria-label": t("ui.animation.scrub.of") });
  const element = h("div.scrub", {}, play, slider, label, h("div.field", {}, menu));
  let timer = 0;
  let frame = 0;
  let options = null;
  let shown = null; // the picture

  const job = () => (menu.value === MOTION ? null : live.jobs.get(menu.value));
  const count = () => (job() ? Math.max(1, job().request.frames) : plan.state.axis.count);
  /** Whose the frame is: "60% a cat, 40% a dog". */
  const blend = () => {
    const { at = [], prompts: known = [] } = plan.state.plan ?? {};
    const here = Math.max(0, at.findLastIndex(one => one <= frame));
    const rows = prompts.placed();
    const parts = known.map(one => ({ share: one.share[here] ?? 0, prompt: rows.find(row => row.key === one.key)?.prompt.slice(0, 60) || "–" }));
    const there = parts.filter(one => one.share >= 0.005).sort((a, b) => b.share - a.share);
    return there.length ? t("ui.animation.glance.blend", { frame, parts: there.map(one => `${percent(one.share)} ${one.prompt}`).join(", ") }) : "";
  };
  const show = () => {
    const one = job();
    if (!one) return glance.showMotion(frame, blend());
    const place = Math.min(frame, one.slots.length - 1); // frames come in their order, so each stands at its number
    if (place >= 0 && !one.slots[place]) loadPictures(one.id, place).catch(() => {}); // `follow` shows it
    const there = one.slots[place] ?? one.pictures.filter(picture => picture.index <= frame).at(-1);
    shown = there?.id;
    glance.showFrame(there, there?.index);
  };
  const draw = () => {
    slider.max = count() - 1;
    slider.value = frame;
    slider.style.setProperty("--share", frame / Math.max(1, count() - 1));
    const seconds = frame / Math.max(0.1, fps());
    slider.ariaValueText = t("ui.animation.key.frame_n", { frame });
    say(label, `${number(frame)} · ${number(seconds, 2)} s`);
    say(play, t(timer ? "ui.animation.stop" : "ui.animation.play"));
  };
  const go = (to, quietly = false) => {
    frame = Math.min(count() - 1, Math.max(0, to));
    if (!quietly) plan.seek(frame);
    draw();
    show();
  };
  const start = () => {
    toHome();
    timer = setInterval(() => go((frame + 1) % count()), 1000 / Math.min(30, Math.max(1, fps())));
    draw();
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    draw();
  };
  const offer = () => {
    const jobs = jobsNewestFirst()
      .filter(one => one.request.kind === "animation" && one.pictures.length)
      .slice(0, MOST);
    const known = jobs.map(one => one.id).join();
    if (known === options) return;
    options = known;
    const kept = menu.value;
    const names = jobs.map(one => h("option", { value: one.id }, t("ui.animation.scrub.job", { day: day(one.created), words: nameOf(one).slice(0, 30) })));
    menu.replaceChildren(h("option", { value: MOTION }, t("ui.animation.scrub.motion")), ...names);
    menu.value = jobs.some(one => one.id === kept) ? kept : MOTION;
  };
  slider.addEventListener("input", () => {
    const to = Number(slider.value); // what is drawn meanwhile sets it back
    toHome();
    stop();
    go(to);
  });
  menu.addEventListener("change", () => {
    toHome();
    go(Math.min(frame, count() - 1));
  });
  plan.watch({
    onSeek: () => {
      if (plan.state.cursor !== Math.min(frame, plan.state.axis.count - 1)) {
        toHome();
        go(plan.state.cursor, true);
      }
    },
    onDraw: draw,
    onPlan: () => glance.refresh(blend()),
  });
  plan.element.addEventListener("toggle", () => plan.element.open || stop());
  follow(() => {
    offer();
    draw();
    const one = job()?.slots[frame];
    if (one && one.id !== shown) show(); // it was fetched, or drawn, just now
  });
  return {
    element,
    /** The frames of this job from now on. */
    of: (id, at = 0) => {
      offer();
      menu.value = id;
      toHome();
      go(at);
    },
  };
}

/** What an animation is about: its first prompt. */
export const nameOf = ({ request }) => {
  const prompts = request.settings?.prompts ?? {};
  const first = Array.isArray(prompts) ? prompts[0]?.prompt : Object.values(prompts)[0];
  return String(first ?? "").split("--neg")[0].trim() || t("ui.kind.animation");
};
