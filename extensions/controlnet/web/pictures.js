// The picture of a unit, where in it the unit leads, and the map that is made of it.
import { Refused, blank, chooser, h, isVisible, jobsNewestFirst, paint, percent, storedUrl, takeFiles, upload, word } from "easel";
import { makeMap, mapOf, poseOf } from "./maps.js";
import { posing } from "./pose.js";
import { writePose } from "./pose_data.js";
import { poseBlob } from "./pose_draw.js";

const POSE = "openpose_json"; // the preprocessor that draws what the editor made
const SKETCH = "scribble_xdog"; // makes what a drawing from nothing is
const DETECTS = /^openpose(?!_json)/; // those that find one

const button = (label, onclick, kind = "quiet") => h(`button.${kind}`, { type: "button", onclick }, label);
const blobOf = async ref => (await fetch(storedUrl(ref))).blob();

export function picturesPart(given, { read, update }) {
  const { t } = given;
  const problem = h("p.problem", { role: "alert", hidden: true });
  const status = h("p.hint", { role: "status", hidden: true });
  const blame = sentence => {
    problem.textContent = sentence;
    problem.hidden = !sentence;
  };
  const say = sentence => {
    status.textContent = sentence;
    status.hidden = !sentence;
  };
  const trying = async act => {
    blame("");
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      blame(word(error.problems[0]));
    }
    say("");
    show();
  };
  const send = async blob =>
    (await upload(blob, { field: "image", onProgress: share => say(share === null ? "" : percent(share)) })).id;
  const take = changes => {
    update(changes);
    show();
  };
  /** Another picture: a pose that was edited is not meant any more. */
  const takePicture = (image, made_by = "") => {
    const posed = read().preprocessor === POSE;
    take({ image, mask: null, batch: [], made_by, ...(posed ? { preprocessor: "none", options: {} } : {}) });
    if (posed) given.redraw();
  };
  const takeBlob = blob => trying(async () => takePicture(await send(blob)));
  const useMap = image => {
    update({ image, made_by: read().preprocessor, preprocessor: "none", options: {}, batch: [] });
    given.redraw();
  };

  const takeSeveral = files =>
    trying(async () => {
      const sent = [];
      for (const file of files) sent.push(await send(file));
      takePicture(sent[0]);
      take({ batch: sent.length > 1 ? sent : [] });
    });

  const kinds = given.tab === "animation" ? "image/*,video/*" : "image/*"; // there a film leads frame by frame
  const input = chooser(([file]) => takeBlob(file), { "data-takes": "control", accept: kinds });
  const many = chooser(takeSeveral, { "data-takes": "several", multiple: true });
  const draw = () =>
    trying(async () => {
      const { image } = read();
      const picture = image ? await blobOf(image) : await blank(...given.size());
      const made = await paint(element, { title: t("draw"), picture, mode: "sketch", colour: image ? null : "#ffffff" });
      if (made?.blob) takePicture(await send(made.blob), image ? read().made_by : SKETCH);
    });
  const paintMask = () =>
    trying(async () => {
      const { image, mask } = read();
      const picture = image ? await blobOf(image) : (given.form.begins() ?? (await blank(...given.size(), "#8a8a8a")));
      const made = await paint(element, { title: t("mask"), mode: "mask", picture, mask: mask && (await blobOf(mask)) });
      if (made) take({ mask: made.blob && (await send(made.blob)) });
    });
  const pose = () =>
    trying(async () => {
      const { image, preprocessor, options } = read();
      const start = preprocessor === POSE ? (options.pose ?? "") : await foundPose();
      say("");
      const behind = image && preprocessor !== POSE ? storedUrl(image) : null;
      const made = await posing(element, { t, start, size: given.size(), behind });
      if (!made) return;
      const drawn = await send(await poseBlob(made));
      update({ image: drawn, mask: null, batch: [], preprocessor: POSE, options: { pose: writePose(made) } });
      given.redraw();
    });
  /** The pose that the unit's own detector finds in its picture, as JSON; "" where it has none. */
  const foundPose = async () => {
    if (!read().image || !film.hidden || !DETECTS.test(read().preprocessor)) return "";
    if (!mapOf(read())) await making();
    return poseOf(mapOf(read()));
  };
  const fromResult = () => {
    const made = jobsNewestFirst().find(job => job.pictures.length && job.request.kind !== "preprocess");
    if (made) takePicture(`picture:${made.pictures.at(-1).id}`);
    else blame(t("no_result"));
  };
  const making = async () => {
    say(t("map.making"));
    await makeMap(read(), given);
  };
  const preview = () => trying(making);
  const mendMap = () =>
    trying(async () => {
      const picture = await blobOf(mapOf(read()));
      const made = await paint(element, { title: t("map.edit"), picture, mode: "sketch", colour: "#ffffff" });
      if (made?.blob) useMap(await send(made.blob));
    });

  const image = h("img", { alt: t("picture") });
  const film = h("video", { muted: true, loop: true, playsinline: true, controls: true, hidden: true });
  image.addEventListener("error", () => {
    film.src = image.src; // no picture: then it is a film
    film.hidden = !(image.hidden = true);
    make.disabled = true;
  });
  const over = h("img.over", { alt: "" });
  const invite = button(t("drop"), () => input.click(), "invite-control");
  const frame = h("div.frame-control", {}, invite, image, film, over);
  const acts = {
    choose: button(t("choose"), () => input.click()),
    result: button(t("from_result"), fromResult),
    draw: button(t("draw"), draw),
    pose: button(t("pose"), pose),
    mask: button(t("mask"), paintMask),
    unmask: button(t("unmask"), () => take({ mask: null })),
    several: button(t("several"), () => many.click()),
    none: button(t("take_out"), () => takePicture(null)),
  };
  const box = h("div.control-picture", {}, h("span.label", {}, t("picture")), frame, h("div.buttons", {}, ...Object.values(acts)), input, many);
  const map = h("img", { alt: t("map") });
  const make = button(t("map.make"), preview);
  const save = h("a.quiet", { download: "map.png" }, t("map.save"));
  const use = button(t("map.use"), () => useMap(mapOf(read())));
  const edit = button(t("map.edit"), mendMap);
  const mendPose = button(t("map.pose"), pose);
  const mapFrame = h("div.frame-control", {}, h("span.hint", {}, t("map.none")), map);
  const mapBox = h("div.control-picture", {}, h("span.label", {}, t("map")), mapFrame, h("div.buttons", {}, make, mendPose, edit, save, use));
  const hint = h("p.hint", {});
  const element = h("div.field.control-pictures", { "data-field": "image" }, box, hint, status, problem);

  let shown;
  const show = () => {
    const unit = read();
    if (!unit) return;
    if (unit.image !== shown) {
      shown = unit.image;
      film.hidden = true;
      put(image, unit.image);
    }
    put(over, unit.mask);
    invite.hidden = Boolean(unit.image);
    hint.textContent = unit.batch.length ? t("several.count", { n: unit.batch.length }) : t(given.tab === "txt2img" ? "picture.needed" : "picture.own");
    hint.hidden = Boolean(unit.image) && !unit.batch.length;
    acts.choose.hidden = acts.none.hidden = !unit.image;
    acts.mask.hidden = !unit.image && given.tab === "txt2img"; // elsewhere there is the tab's own picture
    acts.unmask.hidden = !unit.mask;
    acts.several.hidden = given.tab === "animation"; // one job is all of it
    const made = mapOf(unit);
    mapBox.hidden = unit.preprocessor === "none";
    put(map, made);
    mapFrame.firstChild.hidden = Boolean(made);
    make.disabled = !unit.image || !film.hidden;
    for (const one of [edit, save, use]) one.hidden = !made;
    mendPose.hidden = !made || !DETECTS.test(unit.preprocessor);
    if (made) save.href = storedUrl(made);
  };
  takeFiles(frame, {
    listens: () => isVisible(frame) && element.contains(document.activeElement),
    take: ([file]) => takeBlob(file),
  });
  show();
  return { element, map: mapBox, show, blame };
}

function put(image, ref) {
  image.hidden = !ref;
  const url = ref ? storedUrl(ref) : null;
  if (url && image.getAttribute("src") !== url) image.src = url;
}
