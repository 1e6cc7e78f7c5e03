// PNG files written row by row, so that a picture of any size needs little memory and no value is changed on
// its way (a canvas would multiply by alpha). Format: W3C "Portable Network Graphics", third edition.
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const TYPES = { 1: 0, 3: 2, 4: 6 }; // channels -> colour type: grey, RGB, RGBA
const ROWS_AT_ONCE = 64;

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function chunk(name, data) {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(name), 4);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc(bytes.subarray(4, data.length + 8)));
  return bytes;
}

function header(width, height, channels) {
  const data = new Uint8Array(13);
  const view = new DataView(data.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  data.set([8, TYPES[channels]], 8);
  return chunk("IHDR", data);
}

/** Every row with its filter byte: "none" for grey, "sub" (less the pixel to the left) for colours. */
async function* filtered(width, height, channels, row) {
  const length = width * channels;
  const values = new Uint8Array(length);
  for (let top = 0; top < height; top += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, height - top);
    const out = new Uint8Array(count * (length + 1));
    for (let j = 0; j < count; j++) {
      await row(top + j, values);
      const start = j * (length + 1);
      out[start] = channels === 1 ? 0 : 1;
      out.set(values, start + 1);
      if (channels > 1)
        for (let i = length - 1; i >= channels; i--) out[start + 1 + i] = values[i] - values[i - channels];
    }
    yield out;
  }
}

/**
 * A PNG of 8 bits a channel; `row(y, values)` writes width * channels bytes and may be asynchronous.
 * `colours`: [name, data] of chunks to stand before the picture's data.
 */
export async function png(width, height, channels, row, colours = []) {
  const packer = new CompressionStream("deflate");
  const writer = packer.writable.getWriter();
  const feed = async () => {
    for await (const rows of filtered(width, height, channels, row)) await writer.write(rows);
    await writer.close();
  };
  feed().catch(error => writer.abort(error)); // and so the reading below fails with it
  const parts = [new Uint8Array(SIGNATURE), header(width, height, channels)];
  for (const [name, data] of colours) parts.push(chunk(name, data));
  const reader = packer.readable.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read())
    parts.push(chunk("IDAT", part.value));
  return new Blob([...parts, chunk("IEND", new Uint8Array(0))], { type: "image/png" });
}
