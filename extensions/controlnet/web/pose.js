// The pose editor: points of persons, dragged by pointer or moved by keys; JSON in and out.
import { chooser, h, iconButton, newId, t as page } from "easel";
import { copy, onCanvas, readPose, standing, writePose } from "./pose_data.js";
import { drawPose } from "./pose_draw.js";
import { handles } from "./pose_handles.js";

const [LEAST, MOST] = [64, 2048];
const STEPS = 100; // that can be undone

/**
 * Let somebody pose. start: JSON or ""; size: [width, height] of a new canvas; behind: address of a picture, or null.
 * Resolves to the pose, or null where the window was closed.
 */
export async function posing(place, { t, start, size, behind }) {
  const [width, height] = size;
  let pose = { width, height, people: [] };
  let chosen = 0;
  const past = { undo: [], redo: [] };
  const problem = h("p.problem", { role: "alert", hidden: true });
  const say = sentence => {
    problem.textContent = sentence;
    problem.hidden = !sentence;
  };
  const canvas = h("canvas", {});
  const back = h("img.behind", { src: behind, alt: "", hidden: !behind });
  const paper = h("div.pose-paper", {}, back, canvas);
  const view = h("div.pose-view", {}, paper);

  const commit = (next, person = chosen) => {
    past.undo.push(pose);
    past.undo.splice(0, past.undo.length - STEPS);
    past.redo = [];
    show(next, person);
  };
  const show = (next, person) => {
    pose = next;
    chosen = Math.max(0, Math.min(person, pose.people.length - 1));
    draw();
  };
  const step = (from, to) => {
    if (!from.length) return;
    to.push(pose);
    show(from.pop(), chosen);
  };
  const points = handles(paper, {
    t,
    pose: () => pose,
    chosen: () => chosen,
    whole: () => whole.getAttribute("aria-pressed") === "true",
    choose: person => show(pose, person),
    preview: next => {
      pose = next;
      drawPose(canvas.getContext("2d"), pose, null);
    },
    commit: (before, next) => {
      pose = before;
      commit(next);
    },
  });
  const draw = () => {
    if (canvas.width !== pose.width || canvas.height !== pose.height) Object.assign(canvas, { width: pose.width, height: pose.height });
    paper.style.setProperty("--ratio", pose.width / pose.height);
    drawPose(canvas.getContext("2d"), pose, null);
    points.arrange();
    for (const [name, box] of Object.entries(sides)) if (document.activeElement !== box) box.value = pose[name];
    for (const one of [remove, whole, complete]) one.disabled = !pose.people.length;
    undo.disabled = !past.undo.length;
    redo.disabled = !past.redo.length;
  };
  const add = () => {
    const places = [0, 1, -1];
    const person = standing(pose, places[pose.people.length % places.length]);
    commit({ ...pose, people: [...pose.people, person] }, pose.people.length);
  };
  const takeOut = () => commit({ ...pose, people: pose.people.toSpliced(chosen, 1) });
  const fill = () => {
    const next = copy(pose);
    const { body } = next.people[chosen];
    standing(pose).body.forEach((point, i) => (body[i] ??= point));
    commit(next);
  };
  const load = text => {
    try {
      commit(readPose(text), 0);
      say("");
    } catch {
      say(t("pose.bad"));
    }
  };
  const save = () => {
    const url = URL.createObjectURL(new Blob([writePose(pose)], { type: "application/json" }));
    h("a", { href: url, download: "pose.json" }).click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  };
  const resize = () => {
    const [across, down] = ["width", "height"].map(side => Math.round(Number(sides[side].value)));
    if ([across, down].every(side => side >= LEAST && side <= MOST)) commit(onCanvas(pose, across, down));
  };
  const side = name =>
    h("input.number", { type: "number", min: LEAST, max: MOST, step: 8, "aria-label": t(`pose.${name}`), onchange: resize });
  const sides = { width: side("width"), height: side("height") };
  const file = chooser(async ([one]) => load(await one.text()), { accept: ".json,application/json", "data-takes": "pose" });
  const button = (name, onclick) => h("button.quiet", { type: "button", onclick }, t(`pose.${name}`));
  const remove = button("remove", takeOut);
  const complete = button("complete", fill);
  const whole = h("button.quiet", { type: "button", "aria-pressed": "false", onclick: () => turn() }, t("pose.whole"));
  const turn = () => whole.setAttribute("aria-pressed", String(whole.getAttribute("aria-pressed") !== "true"));
  const undo = iconButton("undo", t("pose.undo"), () => step(past.undo, past.redo));
  const redo = iconButton("redo", t("pose.redo"), () => step(past.redo, past.undo));
  const bar = h("div.pose-bar", {}, button("add", add), remove, whole, complete, undo, redo, h("span.pose-sides", {}, sides.width, "×", sides.height));
  const heading = h("h2", { id: newId() }, t("pose.title"));
  let taken = null;
  const done = () => {
    taken = pose;
    dialog.close();
  };
  const onKey = event => {
    if (!(event.ctrlKey || event.metaKey) || !["z", "y"].includes(event.key.toLowerCase())) return;
    event.preventDefault();
    const forth = event.shiftKey || event.key.toLowerCase() === "y";
    if (forth) step(past.redo, past.undo);
    else step(past.undo, past.redo);
  };
  const dialog = h(
    "dialog.control-dialog.pose-dialog",
    { "aria-labelledby": heading.id, onkeydown: onKey },
    h("header", {}, heading, iconButton("close", page("ui.close"), () => dialog.close())),
    bar,
    view,
    h("p.hint", {}, t("pose.hint")),
    problem,
    h("footer", {}, button("open", () => file.click()), file, button("save", save), h("button.primary", { type: "button", onclick: done }, t("use"))),
  );
  place.append(dialog);
  dialog.showModal();
  if (start) load(start);
  else add();
  past.undo = [];
  draw();
  await new Promise(resolve => dialog.addEventListener("close", resolve, { once: true }));
  dialog.remove();
  return taken;
}
