// What of the map is seen: moved and zoomed by mouse, wheel, touch and keyboard.

const CLOSEST = 400; // times the whole map
const STEP = 60; // pixels a key moves it
const EDGE = 44; // pixels left free around the whole map, so that no picture is cut off

export class View {
  /**
   * `changed` is called when it has moved, `clicked` with a place on the screen, `entered` when the
   * picture in its middle is to be opened.
   *
   * @param {HTMLElement} surface
   * @param {{changed: () => void, clicked: (left: number, top: number) => void, entered: () => void,
   *   draws: import("./lasso.js").Lasso}} calls
   */
  constructor(surface, { changed, clicked, entered, draws }) {
    this.surface = surface;
    this.changed = changed;
    this.clicked = clicked;
    this.entered = entered;
    this.draws = draws;
    this.x = 0.5;
    this.y = 0.5;
    this.zoom = 1;
    this.moved = 0; // pixels since the pointer went down
    /** @type {Map<number, import("./lasso.js").Point>} where each pointer is */
    this.held = new Map();
    surface.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    surface.addEventListener("pointerdown", (event) => this.#down(event));
    surface.addEventListener("pointermove", (event) => this.#move(event));
    surface.addEventListener("pointerup", (event) => this.#up(event));
    surface.addEventListener("pointercancel", (event) => this.#cancel(event));
    surface.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.measure()).observe(surface);
    this.measure();
  }

  measure() {
    this.width = this.surface.clientWidth;
    this.height = this.surface.clientHeight;
    this.ratio = devicePixelRatio;
    this.changed();
  }

  // Pixels of the map's whole width and height: it fills a window of any shape.
  get across() {
    return Math.max(1, this.width - 2 * EDGE) * this.zoom;
  }

  get up() {
    return Math.max(1, this.height - 2 * EDGE) * this.zoom;
  }

  /**
   * From a place on the screen to one on the map, and back.
   *
   * @param {number} left
   * @param {number} top
   * @returns {import("./lasso.js").Point}
   */
  place(left, top) {
    return [this.x + (left - this.width / 2) / this.across, this.y - (top - this.height / 2) / this.up];
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  screen(x, y) {
    return [(x - this.x) * this.across + this.width / 2, this.height / 2 - (y - this.y) * this.up];
  }

  get box() {
    const [left, top] = this.place(0, 0);
    const [right, bottom] = this.place(this.width, this.height);
    return { left, right, top, bottom };
  }

  /**
   * @param {number} factor
   * @param {number} left
   * @param {number} top
   */
  zoomBy(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.place(left, top);
    this.zoom = Math.min(CLOSEST, Math.max(0.8, this.zoom * factor));
    const [newX, newY] = this.place(left, top);
    this.moveTo(this.x + x - newX, this.y + y - newY);
  }

  /**
   * @param {number} x
   * @param {number} y
   */
  moveTo(x, y) {
    this.x = Math.min(1, Math.max(0, x));
    this.y = Math.min(1, Math.max(0, y));
    this.changed();
  }

  whole() {
    this.zoom = 1;
    this.moveTo(0.5, 0.5);
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    this.zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.offsetX, event.offsetY);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.surface.setPointerCapture(event.pointerId);
    this.held.set(event.pointerId, [event.offsetX, event.offsetY]);
    this.moved = 0;
    if (this.draws.on && this.held.size === 1) this.draws.begin(event.offsetX, event.offsetY);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const before = this.held.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.offsetX - before[0], event.offsetY - before[1]];
    this.moved += Math.hypot(dx, dy);
    if (this.held.size === 2) {
      const [, other] = [...this.held].find(([id]) => id !== event.pointerId);
      /** @param {number[]} point */
      const apart = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1;
      const now = [event.offsetX, event.offsetY];
      this.zoomBy(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
    }
    this.held.set(event.pointerId, [event.offsetX, event.offsetY]);
    if (this.draws.on && this.held.size === 1) return this.draws.go(event.offsetX, event.offsetY);
    const share = this.held.size === 2 ? 0.5 : 1; // each of two fingers moves it half the way
    this.moveTo(this.x - (dx * share) / this.across, this.y + (dy * share) / this.up);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.held.delete(event.pointerId)) return;
    if (this.draws.on) return this.draws.end();
    if (this.moved < 6) this.clicked(event.offsetX, event.offsetY);
  }

  /** @param {PointerEvent} event */
  #cancel(event) {
    this.held.delete(event.pointerId);
    if (this.draws.on) this.draws.end();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const [across, up] = [STEP / this.across, STEP / this.up];
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowLeft: () => this.moveTo(this.x - across, this.y),
      ArrowRight: () => this.moveTo(this.x + across, this.y),
      ArrowUp: () => this.moveTo(this.x, this.y + up),
      ArrowDown: () => this.moveTo(this.x, this.y - up),
      "+": () => this.zoomBy(1.4),
      "=": () => this.zoomBy(1.4),
      "-": () => this.zoomBy(1 / 1.4),
      0: () => this.whole(),
      Enter: () => this.entered(),
    };
    const act = acts[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own keys
    act();
  }
}
