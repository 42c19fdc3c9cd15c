// What of the map is seen: moved and zoomed by mouse, wheel, touch and keyboard.

const CLOSEST = 400; // times the whole map
const STEP = 60; // pixels a key moves it

export class View {
  /** `changed` is called when it has moved, `clicked` with a place on the map. */
  constructor(surface, { changed, clicked, draws }) {
    Object.assign(this, { surface, changed, clicked, draws, x: 0.5, y: 0.5, zoom: 1, ratio: devicePixelRatio });
    this.held = new Map();
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      surface.addEventListener(kind, (event) => this[`_${kind}`](event));
    }
    surface.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.measure()).observe(surface);
    this.measure();
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.surface;
    Object.assign(this, { width, height, ratio: devicePixelRatio });
    this.changed();
  }

  get scale() {
    return Math.min(this.width, this.height) * this.zoom;
  }

  /** From a place on the screen to one on the map, and back. */
  place(left, top) {
    return [this.x + (left - this.width / 2) / this.scale, this.y - (top - this.height / 2) / this.scale];
  }

  screen(x, y) {
    return [(x - this.x) * this.scale + this.width / 2, this.height / 2 - (y - this.y) * this.scale];
  }

  get box() {
    const [left, top] = this.place(0, 0);
    const [right, bottom] = this.place(this.width, this.height);
    return { left, right, top, bottom };
  }

  zoomBy(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.place(left, top);
    this.zoom = Math.min(CLOSEST, Math.max(0.8, this.zoom * factor));
    const [newX, newY] = this.place(left, top);
    this.moveTo(this.x + x - newX, this.y + y - newY);
  }

  moveTo(x, y) {
    this.x = Math.min(1, Math.max(0, x));
    this.y = Math.min(1, Math.max(0, y));
    this.changed();
  }

  whole() {
    this.zoom = 1;
    this.moveTo(0.5, 0.5);
  }

  #wheel(event) {
    event.preventDefault();
    this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
  }

  _pointerdown(event) {
    this.surface.setPointerCapture(event.pointerId);
    this.held.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
    if (this.draws.on && this.held.size === 1) this.draws.begin(event.offsetX, event.offsetY);
  }

  _pointermove(event) {
    const before = this.held.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.offsetX - before[0], event.offsetY - before[1]];
    this.moved += Math.hypot(dx, dy);
    if (this.held.size === 2) {
      const [other] = [...this.held].find(([id]) => id !== event.pointerId).slice(1);
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      const now = [event.offsetX, event.offsetY];
      this.zoomBy(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    this.held.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.draws.on && this.held.size === 1) return this.draws.go(event.offsetX, event.offsetY);
    const share = this.held.size === 2 ? 0.5 : 1; // each of two fingers moves it half the way
    this.moveTo(this.x - (dx * share) / this.scale, this.y + (dy * share) / this.scale);
  }

  _pointerup(event) {
    if (!this.held.delete(event.pointerId)) return;
    if (this.draws.on) return this.draws.end();
    if (this.moved < 6) this.clicked(...this.place(event.offsetX, event.offsetY));
  }

  _pointercancel(event) {
    this.held.delete(event.pointerId);
    if (this.draws.on) this.draws.end();
  }

  #key(event) {
    const step = STEP / this.scale;
    const act = {
      ArrowLeft: () => this.moveTo(this.x - step, this.y),
      ArrowRight: () => this.moveTo(this.x + step, this.y),
      ArrowUp: () => this.moveTo(this.x, this.y + step),
      ArrowDown: () => this.moveTo(this.x, this.y - step),
      "+": () => this.zoomBy(1.4),
      "=": () => this.zoomBy(1.4),
      "-": () => this.zoomBy(1 / 1.4),
      0: () => this.whole(),
      Enter: () => this.clicked(this.x, this.y),
    }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own keys
    act();
  }
}
