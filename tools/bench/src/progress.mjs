const UPDATE_PAUSE_MS = 250;

/** What is being done, on one line of a terminal; elsewhere a line for each phase. */
export class Progress {
  #stream;
  #phase = '';
  #startedAtMs = 0;
  #shownAtMs = 0;

  /** @param {{ isTTY?: boolean, write: (text: string) => unknown }} stream */
  constructor(stream = process.stderr) {
    this.#stream = stream;
  }

  /** @param {string} text what begins now */
  phase(text) {
    this.#phase = text;
    this.#startedAtMs = performance.now();
    this.#shownAtMs = 0;
    this.#write(text);
  }

  /**
   * @param {number} done
   * @param {number} total
   */
  count(done, total) {
    const now = performance.now();
    if (this.#stream.isTTY !== true || now - this.#shownAtMs < UPDATE_PAUSE_MS) return;
    this.#shownAtMs = now;
    const seconds = (now - this.#startedAtMs) / 1_000;
    this.#write(`${this.#phase}: ${done} of ${total}, ${Math.round(done / Math.max(0.001, seconds))}/s`);
  }

  end() {
    if (this.#stream.isTTY === true) this.#stream.write('\r\x1b[K');
  }

  /** @param {string} text */
  #write(text) {
    this.#stream.write(this.#stream.isTTY === true ? `\r\x1b[K${text}` : `${text}\n`);
  }
}
