const WIDTH = 900;
const HEIGHT = 260;
const MARGIN = { left: 60, right: 20, top: 30, bottom: 30 };

/** @typedef {{ name: string, colour: string, values: readonly number[] }} Line */

/**
 * Two charts above each other, second by second: orders, and memory.
 *
 * @param {{ orders: readonly Line[], memory: readonly Line[], capacity: number }} data
 * @returns {string} an SVG document
 */
export function drawOverload({ orders, memory, capacity }) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${2 * HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    chart(`Orders a second; the stack does ${Math.round(capacity)} when nothing more is offered`, orders, 0),
    chart('Resident memory by process, MiB', memory, HEIGHT),
    '</svg>',
    '',
  ].join('\n');
}

/**
 * @param {string} title
 * @param {readonly Line[]} lines
 * @param {number} top
 */
function chart(title, lines, top) {
  const seconds = Math.max(1, ...lines.map(({ values }) => values.length - 1));
  const highest = Math.max(1, ...lines.flatMap(({ values }) => values));
  const x = (/** @type {number} */ second) => MARGIN.left + (second / seconds) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (/** @type {number} */ value) => top + HEIGHT - MARGIN.bottom - (value / highest) * (HEIGHT - MARGIN.top - MARGIN.bottom);
  const base = y(0);
  return [
    `<text x="${MARGIN.left}" y="${top + 18}" font-weight="bold">${title}</text>`,
    ...[0, 0.5, 1].map((share) => `<text x="${MARGIN.left - 6}" y="${y(share * highest) + 4}" text-anchor="end">${Math.round(share * highest)}</text>`),
    `<path d="M${MARGIN.left} ${y(highest)}V${base}H${WIDTH - MARGIN.right}" fill="none" stroke="#888"/>`,
    `<text x="${WIDTH - MARGIN.right}" y="${base + 16}" text-anchor="end">${seconds} s</text>`,
    ...lines.map(({ colour, values }) => `<polyline fill="none" stroke="${colour}" stroke-width="1.5" points="${values.map((value, second) => `${x(second).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}"/>`),
    ...lines.map(({ name, colour }, index) => `<text x="${WIDTH - MARGIN.right - 130}" y="${top + MARGIN.top + 14 * index + 10}" fill="${colour}">${name}</text>`),
  ].join('\n');
}
