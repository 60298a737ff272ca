// What the editor shows: the cut-out, what was left out faintly behind it, touches under way, and the brush.
const COLOURS = { keep: "#1f6f5c", drop: "#d0402a", move: "#211c17" };

class Picture {
  constructor(canvas, view) {
    Object.assign(this, { canvas, view, photo: null, mask: null, cut: document.createElement("canvas"), behind: true });
    this.checks = document.createElement("canvas");
    this.checks.width = this.checks.height = 22;
    const checks = this.checks.getContext("2d");
    checks.fillStyle = "#fffdf8"; checks.fillRect(0, 0, 22, 22);
    checks.fillStyle = "#ddd3c1"; checks.fillRect(0, 0, 11, 11); checks.fillRect(11, 11, 11, 11);
  }

  async load(name, address) {
    const image = new Image();
    image.src = address;
    await image.decode();
    this[name] = image;
    if (!this.photo || !this.mask) return;
    const { width, height } = Object.assign(this.cut, { width: this.photo.width, height: this.photo.height });
    const context = this.cut.getContext("2d");
    context.drawImage(this.photo, 0, 0);
    context.globalCompositeOperation = "destination-in";
    context.drawImage(this.mask, 0, 0, width, height);
  }

  draw(strokes, brush) {
    const { canvas, view } = this, ratio = window.devicePixelRatio || 1, context = canvas.getContext("2d");
    const wide = Math.round(view.wide * ratio), high = Math.round(view.high * ratio);
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, view.wide, view.high);
    const place = [view.x, view.y, view.width * view.scale, view.height * view.scale];
    context.fillStyle = context.createPattern(this.checks, "repeat");
    context.fillRect(...place);
    if (!this.photo || !this.mask) return;
    context.imageSmoothingQuality = "high";
    if (this.behind) {
      context.globalAlpha = 0.3;
      context.drawImage(this.photo, ...place);
      context.globalAlpha = 1;
    }
    context.drawImage(this.cut, ...place);
    for (const stroke of strokes) this.stroke(context, stroke);
    if (brush) this.brush(context, brush);
  }

  stroke(context, { keep, stroke: { points, radius } }) {
    const { view } = this;
    context.save();
    context.translate(view.x + view.scale / 2, view.y + view.scale / 2);
    context.scale(view.scale, view.scale);
    Object.assign(context, { globalAlpha: 0.6, lineCap: "round", lineJoin: "round", lineWidth: 2 * radius });
    context.strokeStyle = COLOURS[keep ? "keep" : "drop"];
    context.beginPath();
    context.moveTo(...points[0]);
    for (const point of points.length > 1 ? points.slice(1) : points) context.lineTo(...point);
    context.stroke();
    context.restore();
  }

  brush(context, { x, y, radius, tool }) {
    const ring = (width, colour) => {
      Object.assign(context, { lineWidth: width, strokeStyle: colour });
      context.beginPath(); context.arc(x, y, radius, 0, 7);
      context.moveTo(x - 4, y); context.lineTo(x + 4, y);
      if (tool === "keep") { context.moveTo(x, y - 4); context.lineTo(x, y + 4); }
      context.stroke();
    };
    ring(4, "#fffdf8"); ring(2, COLOURS[tool]);
  }
}
