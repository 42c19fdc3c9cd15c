// The colours of a map, as its style sheet has them: a canvas knows no light-dark() and no variables.

/**
 * @typedef {{ink: string, ground: string, quiet: string, dot: string, lit: string, litInk: string,
 *   accent: string, font: string}} Colours
 * @param {HTMLElement} stage
 * @returns {Colours}
 */
export function coloursOf(stage) {
  const [plain, dots, over] = [stage, ...stage.querySelectorAll("canvas")].map((part) =>
    getComputedStyle(part),
  );
  return {
    ink: plain.color,
    ground: plain.backgroundColor,
    quiet: dots.caretColor,
    dot: dots.color,
    lit: over.caretColor,
    litInk: over.color,
    accent: over.outlineColor,
    font: plain.fontFamily,
  };
}

/**
 * A colour for WebGL, premultiplied by alpha.
 *
 * @param {string} colour such as "rgb(1, 2, 3)"
 * @param {number} alpha
 */
export function premultiplied(colour, alpha) {
  const parts = colour
    .match(/[\d.]+/g)
    .slice(0, 3)
    .map(Number);
  return [...parts.map((part) => (part / 255) * alpha), alpha];
}
