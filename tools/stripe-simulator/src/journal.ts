import { createReadStream } from 'node:fs';
import { open, mkdir, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import type { PaymentIntent, Refund } from './objects.js';
import type { StoredAnswer } from './idempotency-keys.js';

/** One line of a journal. */
export type JournalEntry =
  | { paymentIntent: PaymentIntent }
  | { refund: Refund }
  | { key: string; request: string; storedAtMs: number; answer: StoredAnswer }
  | { forget: string | null };

const COMPACTION_BATCH = 500;

/**
 * A file of JSON lines from which a restarted simulator knows what it did. An entry is with the operating system once `flushed()`
 * has resolved: it outlives the process, though not a loss of power. A line that a crash cut short is passed over.
 */
export class Journal {
  readonly #file: FileHandle;
  #waiting: string[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** What a journal holds, oldest first; nothing if there is no such file. */
  static async *read(path: string): AsyncGenerator<JournalEntry> {
    const stream = createReadStream(path, 'utf8');
    try {
      for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
        const entry = parseLine(line);
        if (entry !== undefined) yield entry;
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      stream.destroy();
    }
  }

  /** Opens the journal anew with these contents in place of what it held: entries that later ones replaced are gone. */
  static async rewrite(path: string, contents: Iterable<JournalEntry>): Promise<Journal> {
    await mkdir(dirname(path), { recursive: true });
    const draftPath = `${path}.draft`;
    const draft = await open(draftPath, 'w', 0o600);
    const journal = new Journal(draft);
    let count = 0;
    for (const entry of contents) {
      journal.append(entry);
      count += 1;
      if (count % COMPACTION_BATCH === 0) await journal.flushed();
    }
    await journal.flushed();
    await rename(draftPath, path);
    return journal;
  }

  append(entry: JournalEntry): void {
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
  }

  /** Resolves once everything appended so far is written. Calls that come together share one write. */
  async flushed(): Promise<void> {
    if (this.#waiting.length > 0) this.#writing = this.#writing.then(() => this.#write());
    await this.#writing;
  }

  async close(): Promise<void> {
    await this.flushed();
    await this.#file.close();
  }

  async #write(): Promise<void> {
    if (this.#waiting.length === 0) return;
    const lines = this.#waiting.join('');
    this.#waiting = [];
    await this.#file.appendFile(lines);
  }
}

function parseLine(line: string): JournalEntry | undefined {
  if (line === '') return undefined;
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return undefined;
  }
}
