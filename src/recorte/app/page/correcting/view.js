// Where the photo lies on the canvas: at `scale` screen pixels a pixel, its top left corner at `x`, `y`.
class View {
  constructor(width, height) {
    Object.assign(this, { width, height, wide: 1, high: 1, scale: 1, x: 0, y: 0, fitted: true });
  }

  get least() {
    return Math.min((this.wide - 24) / this.width, (this.high - 24) / this.height);
  }

  fit() {
    this.scale = Math.max(this.least, 1e-6);
    this.x = (this.wide - this.width * this.scale) / 2;
    this.y = (this.high - this.height * this.scale) / 2;
    this.fitted = true;
  }

  resize(wide, high) {
    Object.assign(this, { wide, high });
    if (this.fitted) this.fit(); else this.pan(0, 0);
  }

  zoom(factor, x = this.wide / 2, y = this.high / 2) {
    const scale = Math.min(Math.max(this.scale * factor, this.least), Math.max(12, this.least * 12));
    this.x = x - ((x - this.x) * scale) / this.scale;
    this.y = y - ((y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.pan(0, 0);
    if (scale <= this.least * 1.001) this.fit();
  }

  pan(x, y) {  // the middle of the canvas stays within the photo
    this.x = Math.min(Math.max(this.x + x, this.wide / 2 - this.width * this.scale), this.wide / 2);
    this.y = Math.min(Math.max(this.y + y, this.high / 2 - this.height * this.scale), this.high / 2);
    this.fitted = false;
  }

  // From the canvas to the photo's pixels, whose first has its middle at (0, 0).
  photo(x, y) {
    return [(x - this.x) / this.scale - 0.5, (y - this.y) / this.scale - 0.5];
  }

  inside([x, y]) {
    return x >= -0.5 && y >= -0.5 && x <= this.width - 0.5 && y <= this.height - 0.5;
  }
}
