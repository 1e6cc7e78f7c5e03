// Poses as data: read from OpenPose's JSON and from what controlnet_aux's detectors return (see ../poses.py), written
// as OpenPose's. A pose is { width, height, people: [{ body, hands: [left, right], face }] }, points [x, y] or null.
export const [BODY, HAND] = [18, 21];
const USUAL = 512;
const LARGEST = 4096;

/** Where the points of a standing person are, as shares of a square. */
const STANDING = [
  ...[[0.5, 0.13], [0.5, 0.24], [0.41, 0.24], [0.36, 0.4], [0.35, 0.54], [0.59, 0.24], [0.64, 0.4], [0.65, 0.54]],
  ...[[0.445, 0.54], [0.435, 0.74], [0.43, 0.93], [0.555, 0.54], [0.565, 0.74], [0.57, 0.93]],
  ...[[0.48, 0.11], [0.52, 0.11], [0.455, 0.12], [0.545, 0.12]],
];

/** A person who stands in the middle; `place` -1 … 1 moves him to the side. */
export function standing({ width, height }, place = 0) {
  const side = Math.min(width, height);
  const [left, top] = [(width - side) / 2 + (place * side) / 3, (height - side) / 2];
  return { body: STANDING.map(([x, y]) => [left + x * side, top + y * side]), hands: [[], []], face: [] };
}

export const copy = pose => structuredClone(pose);

/** Throws where the text is no pose. */
export function readPose(text) {
  let data = JSON.parse(text);
  if (Array.isArray(data)) {
    if (data[0]?.body) return ofDetector(data);
    [data] = data;
  }
  const people = data.people.filter(Boolean);
  const [width, height] = ["width", "height"].map(side => sideOf(data[`canvas_${side}`]));
  const values = people.map(one => numbers(one.pose_keypoints_2d, BODY));
  const shares = values.length > 0 && values.flat().every(value => value >= 0 && value <= 1);
  const points = list => pointsOf(list, shares ? [width, height] : [1, 1]);
  return {
    width,
    height,
    people: people.map((one, i) => ({
      body: points(values[i]),
      hands: ["left", "right"].map(side => points(numbers(one[`hand_${side}_keypoints_2d`] ?? [], HAND))),
      face: points(numbers(one.face_keypoints_2d ?? [], null)),
    })),
  };
}

function sideOf(value) {
  const side = value === undefined || value === null ? USUAL : Math.trunc(Number(value));
  if (!(side >= 1 && side <= LARGEST)) throw new Error("no size of a canvas");
  return side;
}

function numbers(list, count) {
  const fits = count === null || list.length === 3 * count || (count === HAND && !list.length);
  const given = list.map(value => Number(value ?? 0));
  if (!fits || given.length % 3 || !given.every(Number.isFinite)) throw new Error("not the points of a part");
  return given;
}

function pointsOf(list, [across, down]) {
  const points = [];
  for (let i = 0; i < list.length; i += 3) points.push(list[i + 2] > 0 ? [list[i] * across, list[i + 1] * down] : null);
  return points;
}

function ofDetector(found) {
  const points = list => (list ?? []).map(one => one && [one.x * USUAL, one.y * USUAL]);
  const people = found.map(one => ({
    body: points(one.body.keypoints),
    hands: [points(one.left_hand), points(one.right_hand)],
    face: points(one.face),
  }));
  if (people.some(one => one.body.length !== BODY)) throw new Error("not the points of a body");
  return { width: USUAL, height: USUAL, people };
}

/** OpenPose's JSON, in pixels. */
export function writePose({ width, height, people }) {
  const row = points => points.flatMap(point => (point ? [round(point[0]), round(point[1]), 1] : [0, 0, 0]));
  const told = people.map(({ body, hands, face }) => ({
    pose_keypoints_2d: row(body),
    ...(hands[0]?.length ? { hand_left_keypoints_2d: row(hands[0]) } : {}),
    ...(hands[1]?.length ? { hand_right_keypoints_2d: row(hands[1]) } : {}),
    ...(face.length ? { face_keypoints_2d: row(face) } : {}),
  }));
  return JSON.stringify({ people: told, canvas_width: width, canvas_height: height });
}

const round = value => Math.round(value * 100) / 100;

/** The pose on a canvas of another size, by its area, so that one side may change before the other; not stretched. */
export function onCanvas(pose, width, height) {
  const scale = Math.sqrt((width * height) / (pose.width * pose.height));
  const [left, top] = [(width - pose.width * scale) / 2, (height - pose.height * scale) / 2];
  const moved = points => points.map(point => point && [left + point[0] * scale, top + point[1] * scale]);
  const people = pose.people.map(one => ({ body: moved(one.body), hands: one.hands.map(moved), face: moved(one.face) }));
  return { width, height, people };
}
