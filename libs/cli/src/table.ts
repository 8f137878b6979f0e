const CELL_LENGTH_MAX = 60;

/** Rows under their headings, in columns as wide as they need to be; what is too long for its column is cut. */
export function table(headings: readonly string[], rows: readonly (readonly (string | number | undefined)[])[]): string {
  const texts = [headings.map((heading) => heading.toUpperCase()), ...rows.map((row) => row.map((cell) => clip(String(cell ?? ''))))];
  const widths = headings.map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  return texts.map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()}\n`).join('');
}

/** Names and values, one a line; those without a value are left out. */
export function fields(entries: readonly (readonly [string, string | number | undefined])[]): string {
  const present = entries.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(0, ...present.map(([name]) => name.length));
  return present.map(([name, value]) => `${name.padEnd(width)}  ${plainText(String(value))}\n`).join('');
}

export function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

/** A text of any length without the characters that would steer the terminal; ends of lines stay. */
export function plainText(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, ' ');
}

function clip(text: string): string {
  const plain = text.replace(/\p{Cc}/gu, ' ');
  return plain.length <= CELL_LENGTH_MAX ? plain : `${plain.slice(0, CELL_LENGTH_MAX - 1)}…`;
}
