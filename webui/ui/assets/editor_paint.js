// How coverage (1 … 255) changes a value that is already there.

/** Of a mask. */
export const MASK = {
  paint: (before, coverage) => before + Math.round(((255 - before) * coverage) / 255),
  erase: (before, coverage) => Math.round((before * (255 - coverage)) / 255),
};

export const rgba = (r, g, b, a) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** Of paint: [r, g, b] at an opacity over what is there ("source over", not premultiplied). */
export function paintBlend([r, g, b], opacity) {
  const over = (under, above, kept, share) => Math.round((above * share + under * kept) / (share + kept));
  const paint = (before, coverage) => {
    const share = (coverage / 255) * opacity;
    const kept = ((before >>> 24) / 255) * (1 - share);
    if (share + kept === 0) return 0;
    const red = over(before & 255, r, kept, share);
    const green = over((before >>> 8) & 255, g, kept, share);
    const blue = over((before >>> 16) & 255, b, kept, share);
    return rgba(red, green, blue, Math.round((share + kept) * 255));
  };
  const erase = (before, coverage) => {
    const alpha = Math.round(((before >>> 24) * (255 - coverage)) / 255);
    return alpha ? ((before & 0xffffff) | (alpha << 24)) >>> 0 : 0;
  };
  return { paint, erase };
}
