// The sound under the curves: its wave, where something begins in it, and keys or labels made there.
import { shape } from "./animation_axis.js";
import { get } from "./api.js";
import { h, say } from "./dom.js";
import { notice } from "./notice.js";
import { number, t, tn, word } from "./text.js";

const HIGH = 48;
const BANDS = { all: "", low: "&band_low=0&band_high=150", middle: "&band_low=150&band_high=2000", high: "&band_low=2000" };
const MOST_LABELS = 64;
const FALL = 0.3; // seconds in which a pulse falls back
const PULSES = { zoom: 0.04, strength_schedule: -0.15, noise_schedule: 0.05 };
const PULSE = 5; // of all others

/** plan: see animation_plan.js. sound(): the file, or null. held: see animation.js. `onLabels()` when they changed. */
export function soundPart(plan, { sound, held, onLabels }) {
  const svg = shape("svg", { class: "wave", role: "img" });
  const band = h("select", { "aria-label": t("ui.animation.sound.band") }, ...Object.keys(BANDS).map(one => h("option", { value: one }, t(`ui.animation.sound.${one}`))));
  const few = h("input.slider", { type: "range", min: 0.5, max: 6, step: 0.25, value: 1.5, "aria-label": t("ui.animation.sound.threshold") });
  const by = h("input", { type: "number", step: "any", "aria-label": t("ui.animation.sound.by") });
  const keys = h("button.quiet", { type: "button", onclick: () => pulse() }, t("ui.animation.sound.keys"));
  const labels = h("button.quiet", { type: "button", onclick: () => label() }, t("ui.animation.sound.labels"));
  const beat = h("button.link", { type: "button", onclick: () => take() });
  const said = h("p.hint", { role: "status" });
  const row = h("div.field.row-of", {}, band, few, keys, by, labels, beat);
  const element = h("div.sound-row", { hidden: true }, row, said);
  let [heard, asked, of, active] = [null, "", null, undefined];

  const ask = async () => {
    const one = sound();
    const query = one && `/animation/sound/${one.ref.replace("sha256:", "")}?threshold=${few.value}${BANDS[band.value]}`;
    if (query === asked) return;
    asked = query;
    element.hidden = !one;
    if (!one) return (heard = null), draw();
    say(said, t("ui.animation.sound.hears"));
    const answer = await get(query).catch(error => ({ problems: error.problems }));
    if (query !== asked) return; // overtaken
    heard = answer.problems ? null : answer;
    of = one.title;
    say(said, answer.problems ? word(answer.problems[0]) : tn("ui.animation.sound.heard", heard.onsets.length, { seconds: number(heard.seconds, 1), name: of }));
    beat.hidden = !heard?.bpm;
    say(beat, heard?.bpm ? t("ui.animation.sound.bpm", { bpm: number(heard.bpm, 1) }) : "");
    draw();
  };
  const frameAt = seconds => seconds * plan.clock().fps;
  const onsets = () => (heard?.onsets ?? []).map(one => ({ ...one, frame: Math.round(frameAt(one.time)) })).filter(one => one.frame < plan.state.axis.count);

  const draw = () => {
    svg.style.display = heard ? "block" : "none";
    if (plan.state.active !== active) by.value = PULSES[(active = plan.state.active)] ?? PULSE;
    keys.disabled = !active || !onsets().length;
    labels.disabled = !onsets().length;
    if (!heard) return;
    const { axis } = plan.state;
    svg.setAttribute("width", axis.width);
    svg.setAttribute("height", HIGH);
    svg.setAttribute("aria-label", t("ui.animation.sound.wave", { name: of }));
    const each = heard.seconds / Math.max(1, heard.peaks.length);
    const x = place => axis.x(frameAt(place * each)).toFixed(1);
    const y = value => ((1 - value) * (HIGH / 2)).toFixed(1);
    const shown = heard.peaks.filter((_, place) => frameAt(place * each) <= axis.count - 1);
    const upper = shown.map(([, high], place) => `${x(place)} ${y(high)}`);
    const lower = shown.map(([low], place) => `${x(place)} ${y(low)}`).reverse();
    const wave = shape("path", { class: "peaks", d: shown.length ? `M${[...upper, ...lower].join("L")}z` : "" });
    const ticks = onsets().map(one => shape("line", { class: "onset", x1: axis.x(one.frame), x2: axis.x(one.frame), y1: 0, y2: HIGH, "stroke-opacity": 0.35 + 0.65 * one.strength }));
    svg.replaceChildren(wave, ...ticks);
  };

  /** At each beginning the schedule jumps by so much, the more the louder, and falls back. */
  const pulse = () => {
    const name = plan.state.active;
    const found = onsets();
    const fall = Math.max(1, Math.round(FALL * plan.clock().fps));
    const rows = found.flatMap((one, i) => {
      const base = plan.valueAt(name, one.frame);
      const back = Math.min(one.frame + fall, plan.state.axis.count - 1);
      const next = found[i + 1]?.frame ?? Infinity;
      const before = one.frame - 1 > (found[i - 1]?.frame ?? -1) + fall || !i;
      return [
        before && one.frame > 0 && [one.frame - 1, plan.valueAt(name, one.frame - 1)],
        [one.frame, base + Number(by.value) * one.strength],
        back > one.frame && back < next && [back, plan.valueAt(name, back)],
      ].filter(Boolean);
    });
    plan.desk.addAll(name, rows);
    notice(tn("ui.animation.sound.made", found.length), { undo: plan.history.undo });
  };
  const label = () => {
    const before = held.get();
    const found = [...onsets()].sort((a, b) => b.strength - a.strength).slice(0, MOST_LABELS);
    const sorted = found.sort((a, b) => a.time - b.time).map((one, i) => [`beat${i + 1}`, `${one.time.toFixed(3)}s`]);
    const put = values => (held.set(values), onLabels());
    put({ ...before, labels: { ...before.labels, ...Object.fromEntries(sorted) } });
    notice(tn("ui.animation.sound.labelled", sorted.length), { undo: () => put(before) });
  };
  const take = () => {
    const before = held.get();
    held.set({ ...before, bpm: Number(heard.bpm.toFixed(2)) });
    onLabels();
    notice(t("ui.animation.sound.taken"), { undo: () => (held.set(before), onLabels()) });
  };
  few.addEventListener("change", ask);
  band.addEventListener("change", ask);
  plan.tracks.append(svg);
  plan.watch({ onDraw: () => (draw(), ask()), snaps: () => onsets().map(one => one.frame) });
  return element;
}
