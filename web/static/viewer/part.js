// A frame on the picture in the viewer, to search by that part: drawn by the pointer, or moved by keys.

const LEAST = 4; // hundredths of a side: what is smaller was a click
const NUDGE = 2; // hundredths of a side, of a key

/** @typedef {{left: number, top: number, right: number, bottom: number}} Frame in hundredths of the sides */

export class Part {
  /**
   * @param {HTMLElement} viewer
   * @param {import("./stage.js").Stage} stage
   */
  constructor(viewer, stage) {
    this.stage = stage;
    this.over = /** @type {SVGSVGElement} */ (/** @type {any} */ (viewer.querySelector(".over")));
    this.menu = viewer.querySelector(".part-menu");
    this.opener = viewer.querySelector("[data-part-of]");
    this.id = this.opener.dataset.partOf;
    this.drawing = false;
    /** @type {Frame} */
    this.frame = null;
    this.ended = new AbortController();
    const { signal } = this.ended;
    this.opener.addEventListener("click", () => this.toggle(), { signal });
    viewer.querySelector("[data-no-part]").addEventListener("click", () => this.drop(), { signal });
    this.menu.addEventListener("keydown", (event) => this.#key(event), { signal });
  }

  end() {
    this.ended.abort();
  }

  /**
   * Whether a pointer draws a frame: a mouse or a pen does at once, a finger when a frame was asked for.
   *
   * @param {PointerEvent} event
   */
  takes(event) {
    if (!(event.target instanceof Element) || !event.target.closest(".paper")) return false;
    return event.pointerType !== "touch" || this.frame !== null;
  }

  /** Puts a frame in the middle, to be moved by keys or drawn anew by a finger; or takes it away. */
  toggle() {
    if (this.frame) return this.drop();
    this.#put({ left: 25, top: 25, right: 75, bottom: 75 });
    this.#offer();
    this.menu.querySelector("a").focus();
  }

  /** @param {PointerEvent} event */
  begin(event) {
    this.from = this.#at(event);
    this.drawing = true;
  }

  /** @param {PointerEvent} event */
  move(event) {
    const [from, to] = [this.from, this.#at(event)];
    this.menu.hidden = true;
    this.#put({
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      right: Math.max(from.x, to.x),
      bottom: Math.max(from.y, to.y),
    });
  }

  finish() {
    this.drawing = false;
    const { left, top, right, bottom } = this.frame ?? { left: 0, top: 0, right: 0, bottom: 0 };
    if (this.menu.hidden === false) return;
    if (right - left < LEAST || bottom - top < LEAST) this.drop();
    else this.#offer();
  }

  drop() {
    this.drawing = false;
    if (!this.frame) return false;
    const had = this.menu.contains(document.activeElement);
    this.frame = null;
    for (const drawn of this.over.querySelectorAll(".outside, .cut-out")) drawn.remove();
    this.menu.hidden = true;
    this.opener.setAttribute("aria-pressed", "false");
    if (had) this.opener.focus();
    return true;
  }

  /**
   * The place of a pointer on the picture, in hundredths of its sides.
   *
   * @param {PointerEvent} event
   */
  #at(event) {
    const { width, height } = this.over.viewBox.baseVal;
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.over.getScreenCTM().inverse());
    /** @param {number} share */
    const hundredths = (share) => Math.round(Math.min(1, Math.max(0, share)) * 100);
    return { x: hundredths(at.x / width), y: hundredths(at.y / height) };
  }

  /** @param {Frame} frame */
  #put(frame) {
    this.frame = frame;
    const { width, height } = this.over.viewBox.baseVal;
    const [x, y] = [(frame.left * width) / 100, (frame.top * height) / 100];
    const [wide, high] = [
      ((frame.right - frame.left) * width) / 100,
      ((frame.bottom - frame.top) * height) / 100,
    ];
    const whole = `M0 0h${width}v${height}H0z`;
    const hole = `M${x} ${y}v${high}h${wide}v${-high}z`;
    this.#shape("outside").setAttribute("d", whole + hole);
    this.#shape("cut-out").setAttribute("d", hole);
  }

  /** @param {string} name */
  #shape(name) {
    const known = this.over.querySelector(`.${name}`);
    if (known) return known;
    const made = document.createElementNS("http://www.w3.org/2000/svg", "path");
    made.setAttribute("class", name);
    this.over.append(made);
    return made;
  }

  #offer() {
    const { left, top, right, bottom } = this.frame;
    const crop = `${this.id}@${left},${top},${right},${bottom}`;
    /** @type {NodeListOf<HTMLAnchorElement>} */
    const links = this.menu.querySelectorAll("a");
    for (const link of links) {
      const address = new URL(link.href);
      const others = address.searchParams.getAll("similar").filter((each) => each.split("@")[0] !== this.id);
      address.searchParams.delete("similar");
      for (const each of [...others, crop]) address.searchParams.append("similar", each);
      link.href = address.href;
    }
    this.menu.hidden = false;
    this.opener.setAttribute("aria-pressed", "true");
    this.#stand();
  }

  /** Puts the menu below the frame, or into it where no room is left. */
  #stand() {
    const box = this.stage.place.getBoundingClientRect();
    const cut = this.over.querySelector(".cut-out").getBoundingClientRect();
    const [wide, high] = [this.menu.offsetWidth, this.menu.offsetHeight];
    const left = Math.min(Math.max(8, cut.left - box.left), box.width - wide - 8);
    const top = Math.min(cut.bottom - box.top + 8, box.height - high - 8);
    this.menu.style.left = `${left}px`;
    this.menu.style.top = `${top}px`;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const [x, y] =
      { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] ?? [];
    if (x === undefined || !this.frame) return;
    event.preventDefault();
    event.stopPropagation(); // nothing walks meanwhile
    const { left, top, right, bottom } = this.frame;
    /** @param {number} value @param {number} least @param {number} most */
    const within = (value, least, most) => Math.min(most, Math.max(least, value));
    if (event.shiftKey) {
      const wider = within(right + x * NUDGE, left + LEAST, 100);
      this.#put({ left, top, right: wider, bottom: within(bottom + y * NUDGE, top + LEAST, 100) });
    } else {
      const [right_, down] = [within(x * NUDGE, -left, 100 - right), within(y * NUDGE, -top, 100 - bottom)];
      this.#put({ left: left + right_, top: top + down, right: right + right_, bottom: bottom + down });
    }
    this.#offer();
  }
}
