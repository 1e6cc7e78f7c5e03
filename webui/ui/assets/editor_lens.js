// Where the picture lies in the view: a scale (CSS pixels a picture's pixel) and the place of its corner.
const CLOSEST = 32;
const LARGEST_FIT = 8; // a tiny picture is enlarged no further than this by itself
const IN_SIGHT = 48; // of the picture, CSS pixels that cannot be pushed out of the view

export class Lens {
  constructor(onMove) {
    Object.assign(this, { onMove, scale: 1, x: 0, y: 0, fitted: true, picture: null, view: { width: 0, height: 0 } });
  }

  /** The picture or the view's size has changed. With a picture of the same size the view stays where it is. */
  resize({ picture = this.picture, view = this.view }) {
    const alike = picture?.width === this.picture?.width && picture?.height === this.picture?.height;
    const same = alike && !this.fitted;
    const middle = same && this.toPicture(this.view.width / 2, this.view.height / 2);
    Object.assign(this, { picture, view });
    if (!picture || !view.width) return;
    if (!same) return this.fit();
    this.x = view.width / 2 - middle[0] * this.scale;
    this.y = view.height / 2 - middle[1] * this.scale;
    this.#settle();
  }

  get fitting() {
    const { picture, view } = this;
    return Math.min(view.width / picture.width, view.height / picture.height, LARGEST_FIT);
  }

  fit() {
    if (!this.picture) return;
    this.scale = this.fitting;
    this.fitted = true;
    this.x = (this.view.width - this.picture.width * this.scale) / 2;
    this.y = (this.view.height - this.picture.height * this.scale) / 2;
    this.onMove();
  }

  /** Scale so that the point (x, y) of the view stays where it is. */
  zoomTo(scale, x = this.view.width / 2, y = this.view.height / 2) {
    if (!this.picture) return;
    const least = Math.min(this.fitting / 4, 1);
    const next = Math.min(CLOSEST, Math.max(least, scale));
    this.x = x - ((x - this.x) * next) / this.scale;
    this.y = y - ((y - this.y) * next) / this.scale;
    this.scale = next;
    this.fitted = false;
    this.#settle();
  }

  zoomBy(factor, x, y) {
    this.zoomTo(this.scale * factor, x, y);
  }

  pan(dx, dy) {
    if (!this.picture) return;
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.#settle();
  }

  #settle() {
    const keep = (at, length, view) => {
      const seen = Math.min(IN_SIGHT, length, view);
      return Math.min(view - seen, Math.max(seen - length, at));
    };
    this.x = keep(this.x, this.picture.width * this.scale, this.view.width);
    this.y = keep(this.y, this.picture.height * this.scale, this.view.height);
    this.onMove();
  }

  /** From CSS pixels of the view to pixels of the picture, fractions kept. */
  toPicture(x, y) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }
}
