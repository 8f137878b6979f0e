import { describe, expect, it } from '@jest/globals';
import { CsvRecordReader, type CsvRecord } from './csv-record-reader.js';

/** Three fields make a record. */
function read(text: string, chunkLength = text.length): CsvRecord[] {
  const reader = new CsvRecordReader((fields) => fields.length === 3);
  const records: CsvRecord[] = [];
  for (let at = 0; at < text.length; at += chunkLength) records.push(...reader.push(text.slice(at, at + chunkLength)));
  return [...records, ...reader.end()];
}

describe('CsvRecordReader', () => {
  it('gives records with the number of their first line, whatever the pieces the file comes in', () => {
    const text = 'a,b,c\r\n1,"x\r\ny, ""z""",3\r\n\r\n4,5,6';
    const expected = [
      { lineNumber: 1, fields: ['a', 'b', 'c'] },
      { lineNumber: 2, fields: ['1', 'x\ny, "z"', '3'] },
      { lineNumber: 5, fields: ['4', '5', '6'] },
    ];
    for (const chunkLength of [1, 2, 3, 7, text.length]) expect(read(text, chunkLength)).toEqual(expected);
  });

  it('loses no line after a quote that is never closed', () => {
    expect(read('1,"open,3\n4,5,6\n7,8,9\n')).toEqual([
      expect.objectContaining({ lineNumber: 1, malformed: 'quote-not-closed' }),
      { lineNumber: 2, fields: ['4', '5', '6'] },
      { lineNumber: 3, fields: ['7', '8', '9'] },
    ]);
  });

  it('does not let two stray quotes swallow the lines between them', () => {
    expect(read('1,2"x,3\n4,5,6\n7,8"x,9\n10,11,12\n')).toEqual([
      expect.objectContaining({ lineNumber: 1, malformed: 'quote-not-closed' }),
      { lineNumber: 2, fields: ['4', '5', '6'] },
      expect.objectContaining({ lineNumber: 3, malformed: 'quote-not-closed' }),
      { lineNumber: 4, fields: ['10', '11', '12'] },
    ]);
  });

  it('rejects a line with text after a closing quote, and that line alone', () => {
    expect(read('1,"bad"q,3\n4,5,6\n')).toEqual([expect.objectContaining({ lineNumber: 1, malformed: 'malformed-csv' }), { lineNumber: 2, fields: ['4', '5', '6'] }]);
  });

  it('holds no overlong line in memory and goes on behind it', () => {
    expect(read(`${'x'.repeat(200_000)}\n4,5,6\n`, 1_000)).toEqual([
      expect.objectContaining({ lineNumber: 1, malformed: 'line-too-long' }),
      { lineNumber: 2, fields: ['4', '5', '6'] },
    ]);
  });

  it('rejects a line with U+0000, also inside an open quote', () => {
    expect(read('1,"a\n2,\u0000,3\n4,5,6\n')).toEqual([
      expect.objectContaining({ lineNumber: 1, malformed: 'quote-not-closed' }),
      expect.objectContaining({ lineNumber: 2, malformed: 'control-character' }),
      { lineNumber: 3, fields: ['4', '5', '6'] },
    ]);
  });
});
