import pc from 'picocolors';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];
const COLOURS = [pc.cyan, pc.magenta, pc.green, pc.yellow, pc.blue, pc.red, pc.gray];
const NAME_WIDTH = 12;

/**
 * Turns a service's line into what is shown of it: pino's JSON becomes one short line; anything else is shown as it is.
 *
 * @param {string} name of the service
 * @param {string} line
 * @param {{ minimumLevel?: string, index?: number }} [options] `minimumLevel` default `error`; `index` picks the colour
 * @returns {string | undefined} undefined: not worth showing
 */
export function showLogLine(name, line, { minimumLevel = 'error', index = 0 } = {}) {
  const colour = /** @type {(text: string) => string} */ (COLOURS[index % COLOURS.length]);
  const prefix = colour(`${name.padEnd(NAME_WIDTH)}│`);
  const record = parse(line);
  if (record === undefined) return line.trim() === '' ? undefined : `${prefix} ${line}`;
  const label = String(record.level ?? 'info');
  const level = LEVELS.indexOf(label);
  if (level < LEVELS.indexOf(minimumLevel)) return undefined;
  const shown = level >= LEVELS.indexOf('error') ? pc.red(label) : level >= LEVELS.indexOf('warn') ? pc.yellow(label) : pc.dim(label);
  const error = /** @type {{ message?: string } | undefined} */ (record.err)?.message;
  const message = String(record.msg ?? '');
  return `${prefix} ${shown} ${message}${error !== undefined && !message.includes(error) ? `: ${error}` : ''}`;
}

/**
 * @param {string} line
 * @returns {Record<string, unknown> | undefined}
 */
function parse(line) {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
