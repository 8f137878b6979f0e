import { parse, CsvError } from 'csv-parse/sync';

/** A record of the file, or a line that is none. `lineNumber` is that of the first physical line, from 1, the header's being 1. */
export type CsvRecord =
  | { lineNumber: number; fields: string[] }
  | { lineNumber: number; malformed: 'malformed-csv' | 'quote-not-closed' | 'line-too-long' | 'control-character'; detail: string };

/** Longest physical line, in characters. A longer one is malformed; it is never held in memory as a whole. */
export const CSV_LINE_LENGTH_MAX = 65_536;
/** Most physical lines that one quoted record may span before its quote counts as never closed. */
export const CSV_RECORD_LINES_MAX = 100;

interface PhysicalLine {
  text: string;
  lineNumber: number;
}

/**
 * Cuts a stream of text into CSV records (RFC 4180) with exact line numbers, and finds its way back after any fault: a quote that is never
 * closed costs the line that opened it and no other. What a parser with "skip on error" swallows in silence is a malformed record here.
 * Memory is bounded by {@link CSV_RECORD_LINES_MAX} lines of {@link CSV_LINE_LENGTH_MAX}.
 *
 * States: between records · inside a quoted record (`open` holds its lines) · discarding an overlong line.
 */
export class CsvRecordReader {
  private partial = '';
  private discarding = false;
  private nextLineNumber = 1;
  private open: PhysicalLine[] = [];

  /**
   * @param isAcceptable judges a record that spans lines: where it says no, the first line is malformed and the others are read anew,
   * so that a stray quote cannot swallow its neighbours
   */
  constructor(private readonly isAcceptable: (fields: string[]) => boolean) {}

  /**
   * Takes the next piece of the file and gives the records that it completed, one line at a time: a line is judged only after the records
   * before it were taken. Must be read to its end.
   */
  *push(text: string): Generator<CsvRecord> {
    let from = 0;
    for (let newline = text.indexOf('\n'); newline !== -1; newline = text.indexOf('\n', from)) {
      const records: CsvRecord[] = [];
      this.endLine(this.partial + text.slice(from, newline), records);
      this.partial = '';
      from = newline + 1;
      yield* records;
    }
    if (!this.discarding) this.partial += text.slice(from);
    if (this.partial.length > CSV_LINE_LENGTH_MAX) {
      this.discarding = true;
      this.partial = '';
    }
  }

  /** The file has ended: gives what was left, with or without a last line break. */
  end(): CsvRecord[] {
    const records: CsvRecord[] = [];
    if (this.partial !== '' || this.discarding) this.endLine(this.partial, records);
    this.partial = '';
    while (this.open.length > 0) this.readLines(this.giveUpQuote(records), records);
    return records;
  }

  private endLine(rawText: string, records: CsvRecord[]): void {
    const lineNumber = this.nextLineNumber++;
    if (this.discarding || rawText.length > CSV_LINE_LENGTH_MAX) {
      this.discarding = false;
      while (this.open.length > 0) this.readLines(this.giveUpQuote(records), records);
      records.push({ lineNumber, malformed: 'line-too-long', detail: `a line has at most ${CSV_LINE_LENGTH_MAX} characters` });
      return;
    }
    this.readLines([{ text: rawText.endsWith('\r') ? rawText.slice(0, -1) : rawText, lineNumber }], records);
  }

  private readLines(lines: PhysicalLine[], records: CsvRecord[]): void {
    const waiting = lines;
    while (waiting.length > 0) {
      const line = waiting.shift() as PhysicalLine;
      if (line.text.includes('\u0000')) {
        // No database column takes this character. Lines after an open quote come back here, this one included.
        if (this.open.length > 0) waiting.unshift(...this.giveUpQuote(records), line);
        else records.push({ lineNumber: line.lineNumber, malformed: 'control-character', detail: 'U+0000' });
        continue;
      }
      if (this.open.length === 0) {
        if (line.text.trim() === '') continue;
        if (hasEvenQuotes(line.text)) records.push(parseRecord(line.text, line.lineNumber));
        else this.open = [line];
        continue;
      }
      this.open.push(line);
      if (!hasEvenQuotes(line.text)) {
        const record = parseRecord(this.open.map(({ text }) => text).join('\n'), (this.open[0] as PhysicalLine).lineNumber);
        if ('fields' in record && this.isAcceptable(record.fields)) {
          records.push(record);
          this.open = [];
        } else {
          waiting.unshift(...this.giveUpQuote(records));
        }
      } else if (this.open.length >= CSV_RECORD_LINES_MAX) {
        waiting.unshift(...this.giveUpQuote(records));
      }
    }
  }

  /** The line that opened the quote is malformed; the lines after it are to be read anew. */
  private giveUpQuote(records: CsvRecord[]): PhysicalLine[] {
    const [first, ...rest] = this.open;
    this.open = [];
    if (first !== undefined) records.push({ lineNumber: first.lineNumber, malformed: 'quote-not-closed', detail: 'a quote is opened and not properly closed' });
    return rest;
  }
}

function hasEvenQuotes(text: string): boolean {
  let even = true;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', at + 1)) even = !even;
  return even;
}

function parseRecord(text: string, lineNumber: number): CsvRecord {
  if (!text.includes('"')) return { lineNumber, fields: text.split(',') };
  try {
    const records: string[][] = parse(text, { relax_column_count: true, record_delimiter: '\u0000', skip_empty_lines: false });
    return { lineNumber, fields: records[0] ?? [] };
  } catch (error) {
    if (error instanceof CsvError) return { lineNumber, malformed: 'malformed-csv', detail: error.code };
    throw error;
  }
}
