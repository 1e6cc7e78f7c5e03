// A pose as coloured limbs, as ../poses.py draws it: what you see is what the network is shown.
const LIMBS = [
  ...[[1, 2], [1, 5], [2, 3], [3, 4], [5, 6], [6, 7], [1, 8], [8, 9], [9, 10]],
  ...[[1, 11], [11, 12], [12, 13], [1, 0], [0, 14], [14, 16], [0, 15], [15, 17]],
];
export const COLOURS = [
  ...[[255, 0, 0], [255, 85, 0], [255, 170, 0], [255, 255, 0], [170, 255, 0], [85, 255, 0]],
  ...[[0, 255, 0], [0, 255, 85], [0, 255, 170], [0, 255, 255], [0, 170, 255], [0, 85, 255]],
  ...[[0, 0, 255], [85, 0, 255], [170, 0, 255], [255, 0, 255], [255, 0, 170], [255, 0, 85]],
];
const HALF_WIDTH = 4;
const DIMMED = 0.6;

/** Draw on a 2D context; `background` null leaves what is there. */
export function drawPose(context, pose, background = "#000") {
  context.clearRect(0, 0, pose.width, pose.height);
  if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, pose.width, pose.height);
  }
  for (const { body } of pose.people) drawBody(context, body);
  for (const { hands, face } of pose.people) {
    for (const hand of hands) drawHand(context, hand);
    for (const point of face) if (point) dot(context, point, 3, "#fff");
  }
}

function drawBody(context, body) {
  LIMBS.forEach(([a, b], i) => {
    const [start, end] = [body[a], body[b]];
    if (!start || !end) return;
    const [x, y] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
    const length = Math.hypot(end[0] - start[0], end[1] - start[1]);
    context.beginPath();
    context.ellipse(x, y, length / 2, HALF_WIDTH, Math.atan2(end[1] - start[1], end[0] - start[0]), 0, 2 * Math.PI);
    context.fillStyle = `rgb(${COLOURS[i].map(value => Math.trunc(value * DIMMED)).join(" ")})`;
    context.fill();
  });
  body.forEach((point, i) => point && dot(context, point, HALF_WIDTH, `rgb(${COLOURS[i].join(" ")})`));
}

function drawHand(context, hand) {
  if (!hand.length) return;
  for (let i = 1; i < hand.length; i++) {
    const [start, end] = [hand[i % 4 === 1 ? 0 : i - 1], hand[i]];
    if (!start || !end) continue;
    context.beginPath();
    context.moveTo(...start);
    context.lineTo(...end);
    context.lineWidth = 2;
    context.strokeStyle = `hsl(${(360 * (i - 1)) / (hand.length - 1)} 100% 50%)`;
    context.stroke();
  }
  for (const point of hand) if (point) dot(context, point, HALF_WIDTH, "rgb(0 0 255)");
}

function dot(context, [x, y], radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
}

/** The map as a picture file. */
export function poseBlob(pose) {
  const canvas = new OffscreenCanvas(pose.width, pose.height);
  drawPose(canvas.getContext("2d"), pose);
  return canvas.convertToBlob({ type: "image/png" });
}
