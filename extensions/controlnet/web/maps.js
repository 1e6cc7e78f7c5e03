// Maps that were asked for: jobs of the queue like all others. What was made is remembered as long as the page lives.
import { Refused, firstOf, get, over, post, storedUrl, take } from "easel";

const [LEAST, MOST] = [64, 2048];
const made = new Map(); // what was asked for, as text -> how a request names the map

const asked = ({ image, preprocessor, options, resolution, resize_mode }) =>
  JSON.stringify([image, preprocessor, options, resolution, resolution === null && resize_mode]);

/** How a request names the map of a unit; null where none was made of it as it is now. */
export const mapOf = unit => (unit.preprocessor === "none" ? null : (made.get(asked(unit)) ?? null));

/** Ask for the map and wait for it. Throws Refused with the reason where there is none. */
export async function makeMap(unit, given) {
  const { image, preprocessor } = unit;
  const options = Object.fromEntries(Object.entries(unit.options).map(([name, value]) => [name, firstOf(value)]));
  const resolution = firstOf(unit.resolution) ?? (await pixelPerfect(unit, given.size()));
  const job = await post("/jobs", { kind: "preprocess", image, preprocessor, options, resolution });
  take(job);
  const done = await over(job.id);
  const picture = done.pictures[0];
  if (!picture) throw new Refused(0, [done.problem ?? { code: "", message: given.t("map.failed") }]);
  made.set(asked(unit), `picture:${picture.id}`);
}

/** The pose that a map's file tells of, as OpenPose's JSON; "" where it tells of none. */
export async function poseOf(ref) {
  const { infotext } = await get(`/pictures/${ref.slice("picture:".length)}/info`);
  const told = /\bPose: ("(?:\\.|[^\\"])*")/.exec(infotext ?? "");
  return told ? JSON.parse(told[1]) : "";
}

/** The shorter side at which a map has the pixels of what is drawn (as the extension reckons in control.py). */
async function pixelPerfect({ image, resize_mode }, [width, height]) {
  const shown = new Image();
  shown.src = storedUrl(image);
  await shown.decode();
  const scales = [height / shown.naturalHeight, width / shown.naturalWidth];
  const scale = resize_mode === "fill" ? Math.min(...scales) : Math.max(...scales);
  const side = Math.round(scale * Math.min(shown.naturalWidth, shown.naturalHeight));
  return Math.min(MOST, Math.max(LEAST, side));
}
