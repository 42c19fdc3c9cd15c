// Draws one picture of a map: cut to its box, dimmed or ringed.

const RADIUS = 3;
const FLAT = 0.77; // the height of a lit picture's box, as part of its width

/** @typedef {{left: number, top: number, side: number, lit: boolean}} Box its middle, in pixels */

/**
 * @param {CanvasRenderingContext2D} context
 * @param {HTMLImageElement} image null until it has come
 * @param {Box} box
 * @param {{dim: number, ring: string, ground: string}} how
 */
export function drawPicture(context, image, box, { dim, ring, ground }) {
  if (!image) return;
  const [width, height] = size(box);
  const scale = Math.max(width / image.naturalWidth, height / image.naturalHeight);
  const [cutWidth, cutHeight] = [width / scale, height / scale];
  const [cutLeft, cutTop] = [(image.naturalWidth - cutWidth) / 2, (image.naturalHeight - cutHeight) / 2];
  const [left, top] = [box.left - width / 2, box.top - height / 2];
  context.fillStyle = ground;
  if (dim < 1) context.fillRect(left, top, width, height); // no dot shows through it
  context.globalAlpha = dim;
  context.drawImage(image, cutLeft, cutTop, cutWidth, cutHeight, left, top, width, height);
  context.globalAlpha = 1;
  if (ring) drawRing(context, box, ring, 2.5);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Box} box
 * @param {string} colour
 * @param {number} width
 */
export function drawRing(context, box, colour, width) {
  const [wide, tall] = size(box);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.beginPath();
  context.roundRect(box.left - wide / 2, box.top - tall / 2, wide, tall, RADIUS);
  context.stroke();
}

/** @param {Box} box */
const size = ({ side, lit }) => [side, lit ? side * FLAT : side];
