// What a canvas would spoil, read from a picture's file itself: translucent pixels, which a canvas keeps
// multiplied by alpha, and the colour profile, which it applies. Formats: W3C "Portable Network Graphics", third
// edition; ICC.1:2022, annex B (profiles in JPEG files).
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const COLOUR_CHUNKS = ["cICP", "iCCP", "sRGB", "gAMA", "cHRM"];
const ICC = "ICC_PROFILE\0";

const ascii = (bytes, at, length) => String.fromCharCode(...bytes.subarray(at, at + length));

function pngChunks(bytes) {
  const view = new DataView(bytes.buffer);
  const chunks = [];
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    chunks.push([ascii(bytes, at + 4, 4), bytes.subarray(at + 8, at + 8 + length)]);
    at += length + 12;
  }
  return chunks;
}

/**
 * { rows, colours, asStored }. `rows`: { width, height, row(y, into) } of a PNG of 8 bits RGBA, row after row, else
 * null; `colours`: [name, data] of the chunks of a PNG that say what its values mean, those of a JPEG made into
 * such; `asStored`: whether the values may be taken as they stand in the file, because `colours` says all of them.
 */
export async function source(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  if (SIGNATURE.every((value, i) => bytes[i] === value)) {
    const chunks = pngChunks(bytes);
    const grey = [0, 4].includes(chunks[0]?.[1][9]); // its profile fits no RGB
    const colours = chunks.filter(([name]) => COLOUR_CHUNKS.includes(name) && !(grey && name === "iCCP"));
    const unsaid = grey && chunks.some(([name]) => name === "iCCP");
    return { rows: pngRows(chunks), colours, asStored: !unsaid };
  }
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return { rows: null, colours: [], asStored: false };
  const profile = jpegProfile(bytes);
  // Of another kind (CMYK, grey) it says nothing about the RGB that the browser makes of them.
  if (profile && ascii(profile, 16, 4) !== "RGB ") return { rows: null, colours: [], asStored: false };
  return { rows: null, colours: profile ? [["iCCP", await profileChunk(profile)]] : [], asStored: true };
}

function pngRows(chunks) {
  const [, head] = chunks.find(([name]) => name === "IHDR") ?? [];
  // 8 bits, RGBA, not interlaced, not to be rotated; all else is for the browser to read.
  if (!head || head[8] !== 8 || head[9] !== 6 || head[12] || chunks.some(([name]) => name === "eXIf")) return null;
  const view = new DataView(head.buffer, head.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const packed = new Blob(chunks.filter(([name]) => name === "IDAT").map(([, data]) => data));
  const read = reader(packed.stream().pipeThrough(new DecompressionStream("deflate")));
  let above = new Uint8Array(width * 4);
  return {
    width,
    height,
    row: async (y, into) => {
      const line = await read(width * 4 + 1);
      unfilter(line[0], line.subarray(1), above);
      above = line.subarray(1);
      into.set(above);
    },
  };
}

/** Reads a stream by counts of bytes. */
function reader(stream) {
  const input = stream.getReader();
  let rest = new Uint8Array(0);
  return async count => {
    const out = new Uint8Array(count);
    for (let at = 0; at < count; ) {
      if (!rest.length) {
        const part = await input.read();
        if (part.done) throw new Error("the file ends too early");
        rest = part.value;
      }
      const taken = rest.subarray(0, count - at);
      out.set(taken, at);
      at += taken.length;
      rest = rest.subarray(taken.length);
    }
    return out;
  };
}

function paeth(left, up, corner) {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}

const FILTERS = [
  () => 0,
  left => left,
  (left, up) => up,
  (left, up) => (left + up) >> 1,
  paeth,
];

function unfilter(kind, row, above) {
  const guess = FILTERS[kind];
  if (!guess) throw new Error("no such filter");
  for (let i = 0; i < row.length; i++)
    row[i] += guess(i < 4 ? 0 : row[i - 4], above[i], i < 4 ? 0 : above[i - 4]);
}

/** The ICC profile of a JPEG, put together from its APP2 segments. */
function jpegProfile(bytes) {
  const parts = [];
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff && bytes[at + 1] !== 0xda; ) {
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (bytes[at + 1] === 0xe2 && ascii(bytes, at + 4, ICC.length) === ICC)
      parts[bytes[at + 4 + ICC.length]] = bytes.subarray(at + 6 + ICC.length, at + 2 + length);
    at += 2 + length;
  }
  const found = parts.filter(Boolean);
  if (!found.length) return null;
  const profile = new Uint8Array(found.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of found) {
    profile.set(part, end);
    end += part.length;
  }
  return profile;
}

/** Its name, a zero, the method (0: deflate), then the profile. */
async function profileChunk(profile) {
  const packed = new Blob([profile]).stream().pipeThrough(new CompressionStream("deflate"));
  const data = new Uint8Array(await new Response(packed).arrayBuffer());
  const name = new TextEncoder().encode("profile\0\0");
  const chunk = new Uint8Array(name.length + data.length);
  chunk.set(name);
  chunk.set(data, name.length);
  return chunk;
}

const ORIENTATION = 0x0112;
const UPRIGHT = 1;

/**
 * Whether a WebP asks to be turned. Browsers disagree on that (Chromium does not), the engine does it; format:
 * WebP Container Specification, "EXIF" chunk; Exif 3.0, 4.6.
 */
export async function asksToBeTurned(blob) {
  const head = new Uint8Array(await blob.slice(0, 21).arrayBuffer());
  const isExtended = ascii(head, 0, 4) === "RIFF" && ascii(head, 8, 8) === "WEBPVP8X";
  if (!isExtended || !(head[20] & 8)) return false; // 8: there is an EXIF chunk
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const view = new DataView(bytes.buffer);
  for (let at = 12; at + 8 <= bytes.length; ) {
    const length = view.getUint32(at + 4, true);
    if (ascii(bytes, at, 4) === "EXIF") return orientation(bytes.subarray(at + 8, at + 8 + length)) !== UPRIGHT;
    at += 8 + length + (length & 1);
  }
  return false;
}

/** The orientation in the first directory of EXIF data; 1 where it says none. */
function orientation(exif) {
  const data = ascii(exif, 0, 4) === "Exif" ? exif.subarray(6) : exif;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const little = data[0] === 0x49;
  try {
    const start = view.getUint32(4, little);
    for (let i = 0; i < view.getUint16(start, little); i++) {
      const entry = start + 2 + 12 * i;
      if (view.getUint16(entry, little) === ORIENTATION) return view.getUint16(entry + 8, little);
    }
  } catch {
    /* damaged: as if it said nothing */
  }
  return UPRIGHT;
}
