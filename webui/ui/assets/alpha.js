// Whether a picture shows through somewhere: then that is what is drawn where nothing is masked.
const SIDE = 256; // looked at no larger than this

export async function isTransparent(blob) {
  if (!blob || blob.type === "image/jpeg") return false;
  const bitmap = await createImageBitmap(blob).catch(() => null);
  if (!bitmap) return true; // the server may know more
  const share = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map(side => Math.max(1, Math.round(side * share)));
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  for (let i = 3; i < data.length; i += 4) if (data[i] < 255) return true;
  return false;
}
