import cliProgress from 'cli-progress';

const LINE_INTERVAL_MS = 2_000;

/**
 * A progress bar on a terminal; elsewhere a plain line now and then.
 *
 * @param {string} label
 * @param {number} total
 * @param {NodeJS.WriteStream} [output]
 * @returns {{ update: (value: number, total?: number) => void, stop: () => void }}
 */
export function progressBar(label, total, output = process.stdout) {
  if (!output.isTTY) return plainProgress(label, total, output);
  const bar = new cliProgress.SingleBar({ format: `  ${label.padEnd(18)} {bar} {value}/{total}`, stream: output, hideCursor: true, clearOnComplete: false }, cliProgress.Presets.shades_classic);
  bar.start(total, 0);
  return {
    update(value, newTotal) {
      if (newTotal !== undefined) bar.setTotal(newTotal);
      bar.update(value);
    },
    stop: () => bar.stop(),
  };
}

/**
 * @param {string} label
 * @param {number} total
 * @param {NodeJS.WriteStream} output
 */
function plainProgress(label, total, output) {
  let current = 0;
  let shown = -1;
  let shownAtMs = 0;
  const show = () => {
    if (current === shown) return;
    shown = current;
    shownAtMs = Date.now();
    output.write(`  ${label}: ${current} of ${total}\n`);
  };
  return {
    update(/** @type {number} */ value, /** @type {number | undefined} */ newTotal) {
      current = value;
      total = newTotal ?? total;
      if (Date.now() - shownAtMs >= LINE_INTERVAL_MS) show();
    },
    stop: show,
  };
}
