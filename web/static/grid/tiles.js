// The tiles of an answer as the server tells them, kept as text: what was told once is not asked for again.

const STRETCH = 50; // hits that the server tells at once
const MOST_ASKED = 2; // stretches under way; the server works on each
const AGAIN_MS = 3000; // after which a stretch that did not come is asked for again

export class Tiles {
  /**
   * `told` is called when some have come, `silent` when the server does not answer.
   *
   * @param {string} address
   * @param {() => void} told
   * @param {() => void} silent
   */
  constructor(address, told, silent) {
    this.address = address;
    this.told = told;
    this.silent = silent;
    /** @type {Map<number, string>} texts by rank */
    this.kept = new Map();
    /** @type {Map<number, Promise<void>>} requests by the first rank of their stretch */
    this.under = new Map();
    /** @type {Map<number, number>} when a stretch did not come */
    this.failed = new Map();
    /** @type {Set<number>} */
    this.wanted = new Set();
    this.ended = new AbortController();
  }

  /**
   * The text of a rank's tile, or undefined until it has come.
   *
   * @param {number} rank
   */
  get(rank) {
    return this.kept.get(rank);
  }

  /**
   * @param {number} rank
   * @param {string} text
   */
  put(rank, text) {
    this.kept.set(rank, text);
  }

  /**
   * Asks for what these ranks lack, the first of them first; what was wanted before and waits is let go.
   *
   * @param {number[]} ranks
   */
  want(ranks) {
    this.wanted = new Set(
      ranks.filter((rank) => !this.kept.has(rank)).map((rank) => rank - ((rank - 1) % STRETCH)),
    );
    this.#ask();
  }

  end() {
    this.ended.abort();
  }

  #ask() {
    for (const start of this.wanted) {
      if (this.under.size >= MOST_ASKED) return;
      const rests = performance.now() - (this.failed.get(start) ?? -AGAIN_MS) < AGAIN_MS;
      if (!this.under.has(start) && !rests) this.under.set(start, this.#fetch(start));
    }
  }

  /** @param {number} start */
  async #fetch(start) {
    try {
      const joint = this.address.includes("?") ? "&" : "?";
      const answer = await fetch(`${this.address}${joint}start=${start}`, { signal: this.ended.signal });
      if (!answer.ok) throw new Error(answer.statusText);
      const { tiles } = await answer.json();
      // One that was removed since stays an empty box.
      for (let rank = start; rank < start + STRETCH; rank++) this.kept.set(rank, tiles[rank] ?? "");
    } catch (/** @type {any} */ error) {
      if (error.name === "AbortError") return;
      this.failed.set(start, performance.now());
      this.silent();
      setTimeout(() => this.ended.signal.aborted || this.told(), AGAIN_MS);
    }
    this.under.delete(start);
    this.wanted.delete(start);
    this.told();
    this.#ask();
  }
}

/**
 * The element of some markup.
 *
 * @param {string} text
 * @returns {HTMLElement}
 */
export function made(text) {
  const template = document.createElement("template");
  template.innerHTML = text;
  return /** @type {HTMLElement} */ (template.content.firstElementChild);
}
