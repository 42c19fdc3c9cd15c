// Draws the points of a map: with WebGL where there is any, else on a plain canvas.

const VERTEX = `
attribute vec2 place;
attribute float chosen;
uniform vec4 view; // scale x, y, then shift x, y, from the map's square to the clip space
uniform float size;
varying float lit;
void main() {
  gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
  gl_PointSize = size * (chosen > 0.5 ? 1.6 : 1.0);
  lit = chosen;
}`;

const FRAGMENT = `
precision mediump float;
uniform vec4 plain;
uniform vec4 bright;
varying float lit;
void main() {
  float edge = 1.0 - smoothstep(0.36, 0.5, length(gl_PointCoord - 0.5));
  gl_FragColor = (lit > 0.5 ? bright : plain) * edge;
}`;

// What a plain canvas draws in well under a frame; the rest of a large map is left out meanwhile.
const MOST_PLAIN = 12_000;

/**
 * @typedef {{across: number, up: number, x: number, y: number, width: number, height: number, ratio: number}} Sight
 * @typedef {{plain: number[], bright: number[], size: number}} Style colours premultiplied by alpha
 * @typedef {{mark(chosen: Float32Array): void, paint(sight: Sight, style: Style): void}} Painter
 */

/**
 * A painter of `places`, pairs of numbers from 0 to 1: `paint(view, colours)` and `mark(chosen)`.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array} places
 */
export function painter(canvas, places) {
  const gl = canvas.getContext("webgl", { premultipliedAlpha: true, antialias: false });
  return gl ? withWebgl(gl, places) : onCanvas(canvas.getContext("2d"), places);
}

/**
 * @param {WebGLRenderingContext} gl
 * @param {Float32Array} places
 * @returns {Painter}
 */
function withWebgl(gl, places) {
  const program = gl.createProgram();
  const shaders = new Map([
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ]);
  for (const [kind, text] of shaders) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const count = places.length / 2;
  /** @param {string} name @param {number} width @param {Float32Array} data */
  const fill = (name, width, data) => {
    const at = gl.getAttribLocation(program, name);
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, width, gl.FLOAT, false, 0, 0);
    return buffer;
  };
  fill("place", 2, places);
  const marks = fill("chosen", 1, new Float32Array(count));
  /** @param {string} name */
  const at = (name) => gl.getUniformLocation(program, name);
  const [viewAt, sizeAt, plainAt, brightAt] = ["view", "size", "plain", "bright"].map(at);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return {
    mark(chosen) {
      gl.bindBuffer(gl.ARRAY_BUFFER, marks);
      gl.bufferData(gl.ARRAY_BUFFER, chosen, gl.STATIC_DRAW);
    },
    paint({ across, up, x, y, width, height, ratio }, { plain, bright, size }) {
      gl.viewport(0, 0, width * ratio, height * ratio);
      gl.clear(gl.COLOR_BUFFER_BIT);
      const [wide, tall] = [(2 * across) / width, (2 * up) / height];
      gl.uniform4f(viewAt, wide, tall, -x * wide, -y * tall);
      gl.uniform1f(sizeAt, size * ratio);
      gl.uniform4fv(plainAt, plain);
      gl.uniform4fv(brightAt, bright);
      gl.drawArrays(gl.POINTS, 0, count);
    },
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} places
 * @returns {Painter}
 */
function onCanvas(context, places) {
  const count = places.length / 2;
  /** @type {Float32Array} */
  let chosen = new Float32Array(count);
  /** @param {number[]} colour */
  const css = ([red, green, blue, alpha]) =>
    `rgb(${[red, green, blue].map((part) => Math.round((part / alpha) * 255)).join(" ")} / ${alpha})`;
  return {
    mark: (marks) => (chosen = marks),
    paint({ across, up, x, y, width, height, ratio }, { plain, bright, size }) {
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      const step = Math.max(1, Math.ceil(count / MOST_PLAIN));
      for (const lit of [0, 1]) {
        context.fillStyle = css(lit ? bright : plain);
        for (let at = 0; at < count; at += lit ? 1 : step) {
          if (chosen[at] !== lit) continue;
          const left = (places[2 * at] - x) * across + width / 2;
          const top = height / 2 - (places[2 * at + 1] - y) * up;
          if (left > -size && top > -size && left < width + size && top < height + size) {
            context.fillRect(left - size / 2, top - size / 2, size, size);
          }
        }
      }
    },
  };
}
