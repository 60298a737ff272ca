const POINTS = 5000;  // of one stroke
const MANY = 1000;  // touches

class Editor {
  constructor(dialog, data) {
    this.dialog = dialog;
    this.canvas = dialog.querySelector("canvas");
    this.size = dialog.querySelector("input");
    this.view = new View(data.width, data.height);
    this.picture = new Picture(this.canvas, this.view);
    this.touches = data.touches;
    Object.assign(this, { undone: [], turn: data.turn, shown: data.turn, tool: "keep", stroke: null, brush: null, pointers: new Map() });
    this.listen();
    this.choose("keep");
    dialog.showModal();
    new ResizeObserver(() => this.resize()).observe(this.canvas);
    this.resize();
  }

  find(name) { return this.dialog.querySelector(name); }

  // What Python says: a photo, a mask, and whether it took the last touches.
  async update({ data, setStateValue, setTriggerValue }) {
    Object.assign(this, { setStateValue, setTriggerValue, words: data.words });
    this.say(data);
    if (data.turn !== this.turn) return;  // touches were made since
    if (!data.photo && !this.picture.photo) return this.send();
    if (data.photo && !this.picture.photo) await this.picture.load("photo", data.photo);
    if (data.mask !== this.mask) await this.picture.load("mask", data.mask);
    this.mask = data.mask;
    if (data.turn !== this.turn) return;
    this.shown = data.turn;
    if (data.problem) this.touches = data.touches;
    this.tell(data.problem || "");
    this.draw();
  }

  say({ words }) {
    this.find("h2").textContent = words.title;
    for (const part of ["what", "done", "keys", "fingers"]) this.find("." + part).textContent = words[part];
    this.canvas.setAttribute("aria-label", words.photo);
    this.find(".brushes").setAttribute("aria-label", words.brushes);
    this.size.setAttribute("aria-label", words.size);
    for (const button of this.dialog.querySelectorAll("[data-tool]"))
      button.querySelector("span").textContent = words[button.dataset.tool];
    for (const button of this.dialog.querySelectorAll("[data-act]"))
      button.title = button.ariaLabel = words[button.dataset.act];
  }

  tell(text, busy = false) {
    const status = this.find(".status");
    if (status.textContent !== text) status.textContent = text;
    status.classList.toggle("busy", busy);
    this.find("[data-act=undo]").disabled = !this.touches.length;
    this.find("[data-act=redo]").disabled = !this.undone.length;
    this.dialog.dataset.shown = this.shown === this.turn ? this.touches.length : "";
  }

  send() {
    this.turn += 1;
    this.tell(this.words.working, true);
    this.draw();
    this.setStateValue("work", { turn: this.turn, touches: this.touches, seen: !!this.picture.photo });
  }

  finish() {
    this.dialog.close();
    this.setTriggerValue("done", { turn: this.turn, touches: this.touches, seen: true });
  }

  draw() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      const fresh = this.shown === this.turn ? [] : this.touches.slice(-1).filter(() => !this.undone.length);
      this.picture.draw([...fresh, ...(this.stroke ? [this.stroke] : [])],
        this.brush && this.tool !== "move" ? { ...this.brush, radius: this.radius, tool: this.tool } : null);
    });
  }

  get radius() { return +this.size.value; }

  resize() {
    this.view.resize(this.canvas.clientWidth, this.canvas.clientHeight);
    this.draw();
  }

  choose(tool) {
    this.tool = tool;
    for (const button of this.dialog.querySelectorAll("[data-tool]"))
      button.ariaPressed = String(button.dataset.tool === tool);
    this.canvas.style.cursor = tool === "move" ? "grab" : "none";
    this.draw();
  }

  act(name) {
    if (name === "undo" && this.touches.length) {
      this.undone.push(this.touches.at(-1));
      this.touches = this.touches.slice(0, -1);
      this.send();
    } else if (name === "redo" && this.undone.length) {
      this.touches = [...this.touches, this.undone.pop()];
      this.send();
    } else if (name === "in" || name === "out") this.view.zoom(name === "in" ? 1.4 : 1 / 1.4);
    else if (name === "fit") this.view.fit();
    else if (name === "behind") {
      this.picture.behind = !this.picture.behind;
      this.find("[data-act=behind]").ariaPressed = String(this.picture.behind);
    }
    this.draw();
  }

  begin(x, y) {
    if (!this.picture.photo) return;
    const round = (number) => Math.round(number * 10) / 10;
    this.stroke = { keep: this.tool === "keep", stroke: { points: [], radius: Math.max(0.5, round(this.radius / this.view.scale)) } };
    this.extend(x, y);
  }

  extend(x, y) {
    const points = this.stroke.stroke.points, last = points.at(-1);
    const point = this.view.photo(x, y).map((number) => Math.round(number * 10) / 10);
    const far = last && Math.hypot(point[0] - last[0], point[1] - last[1]) * this.view.scale;
    if (points.length < POINTS && (!last || far >= Math.min(3, this.radius / 3))) points.push(point);
    this.draw();
  }

  end() {
    const stroke = this.stroke;
    this.stroke = null;
    if (stroke && stroke.stroke.points.some((point) => this.view.inside(point))) {
      if (this.touches.length >= MANY) { this.tell(this.words.most); this.draw(); return; }
      this.touches = [...this.touches, stroke];
      this.undone = [];
      this.send();
    } else this.draw();
  }

  listen() { listen(this); }
}

export default function (component) {
  const dialog = component.parentElement.querySelector("dialog");
  dialog.editor ??= new Editor(dialog, component.data);
  dialog.editor.update(component);
  return () => dialog.close();
}
