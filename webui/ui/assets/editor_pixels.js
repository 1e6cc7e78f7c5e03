// A picture's values as they stand in its file, a band of rows at a time.
import { png } from "./editor_png.js";
import { asksToBeTurned, source } from "./editor_source.js";
import { Plane } from "./editor_tiles.js";

const ROWS_AT_ONCE = 64;

/**
 * { width, height, row(y, into), colours, close() }: RGBA in the orientation shown, to be read from top to bottom;
 * `colours` are the chunks of a PNG that say what the values mean. Throws if it is no picture, reading the rows of
 * a damaged file may throw, too: the browser reads those better.
 */
export async function pixelsOf(blob, byBrowser = false) {
  const { rows, colours, asStored } = await source(blob);
  if (rows && !byBrowser) return { ...rows, colours, close: () => {} };
  const bitmap = asStored ? await bitmapOf(blob) : await imageOf(blob);
  const { width, height } = bitmap;
  return { width, height, row: bands(bitmap, width, height), colours, close: () => bitmap.close?.() };
}

/** The file itself, or, where engine and browser would not agree how it is turned, a PNG of what is shown. */
export async function agreed(blob) {
  if (!(await asksToBeTurned(blob))) return blob;
  const { width, height, row, close } = await pixelsOf(blob);
  const made = await png(width, height, 4, row).finally(close);
  return new File([made], (blob.name ?? "picture").replace(/\.\w+$/, "") + ".png", { type: made.type });
}

/** As it stands in the file; what is damaged as far as an <img> shows it. */
const bitmapOf = blob =>
  createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => imageOf(blob));

/** As it is shown. */
async function imageOf(blob) {
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  try {
    await new Promise((resolve, reject) => Object.assign(image, { onload: resolve, onerror: reject }));
    return image;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

/** Rows of an image at a size of its own choosing, without smoothing. */
function bands(source, width, height) {
  const canvas = new OffscreenCanvas(width, ROWS_AT_ONCE);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingEnabled = false;
  const share = source.height / height;
  let top = -1;
  let data = null;
  return (y, into) => {
    const wanted = y - (y % ROWS_AT_ONCE);
    if (wanted !== top) {
      top = wanted;
      context.clearRect(0, 0, width, ROWS_AT_ONCE);
      const rows = Math.min(ROWS_AT_ONCE, height - top);
      context.drawImage(source, 0, top * share, source.width, rows * share, 0, 0, width, rows);
      data = context.getImageData(0, 0, width, ROWS_AT_ONCE).data;
    }
    const start = (y - top) * width * 4;
    into.set(data.subarray(start, start + width * 4));
  };
}

/**
 * A picture as a mask of width × height: how light it is, where it is opaque. Another size is stretched,
 * each pixel to the nearest. { plane, stretched: { width, height } | null }; throws if it is no picture.
 */
export async function maskOf(blob, width, height) {
  const bitmap = await bitmapOf(blob);
  const read = bands(bitmap, width, height);
  const values = new Uint8Array(width * 4);
  const plane = Plane.drawn(width, height, Uint8Array, (y, into) => {
    read(y, values);
    for (let x = 0, i = 0; x < width; x++, i += 4) {
      const light = 0.299 * values[i] + 0.587 * values[i + 1] + 0.114 * values[i + 2]; // ITU-R BT.601
      into[x] = Math.round((light * values[i + 3]) / 255);
    }
  });
  const other = bitmap.width !== width || bitmap.height !== height;
  const stretched = other ? { width: bitmap.width, height: bitmap.height } : null;
  bitmap.close?.();
  return { plane, stretched };
}

/** The same plane at another size, each pixel from the nearest. */
export function resized(plane, width, height) {
  const row = new plane.Values(plane.width);
  const nearest = (i, from, to) => Math.min(from - 1, Math.floor(((i + 0.5) * from) / to));
  return Plane.drawn(width, height, plane.Values, (y, into) => {
    plane.readRow(nearest(y, plane.height, height), row);
    for (let x = 0; x < width; x++) into[x] = row[nearest(x, plane.width, width)];
  });
}

/** Rows of paint over rows of a picture, for `png`; a pixel without paint is left to the bit. */
export function painted(pixels, plane, channels) {
  const under = new Uint8ClampedArray(pixels.width * 4);
  const paint = new Uint32Array(pixels.width);
  return async (y, into) => {
    await pixels.row(y, under);
    plane.readRow(y, paint);
    for (let x = 0, i = 0, at = 0; x < pixels.width; x++, i += 4, at += channels) {
      const share = (paint[x] >>> 24) / 255;
      if (share) mix(under, i, paint[x], share);
      for (let channel = 0; channel < channels; channel++) into[at + channel] = under[i + channel];
    }
  };
}

function mix(under, i, paint, share) {
  const kept = (under[i + 3] / 255) * (1 - share);
  for (let channel = 0; channel < 3; channel++)
    under[i + channel] =
      (((paint >>> (8 * channel)) & 255) * share + under[i + channel] * kept) / (share + kept);
  under[i + 3] = (share + kept) * 255;
}
