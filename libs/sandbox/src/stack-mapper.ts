import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';

/** The name that the bundle has in stack traces: the same on every machine. */
export const WORKFLOWS_FILE = 'workflows.bundle.js';

const POSITION = /workflows\.bundle\.js:(\d+):(\d+)/g;

/**
 * Gives a function that replaces positions in the bundle by positions in the sources, within any text - here: results as JSON, where
 * stacks are. The map is read when the first stack comes.
 */
export function createStackMapper(sourceMap: string): (text: string) => string {
  let map: TraceMap | undefined;
  return (text) => {
    if (sourceMap === '' || !text.includes(WORKFLOWS_FILE)) return text;
    map ??= new TraceMap(sourceMap);
    const traced = map;
    return text.replace(POSITION, (position, line: string, column: string) => {
      const original = originalPositionFor(traced, { line: Number(line), column: Number(column) - 1 });
      if (original.source === null) return position;
      // The text is JSON: a path must not break it.
      const source = JSON.stringify(original.source).slice(1, -1);
      return `${source}:${original.line}:${original.column + 1}`;
    });
  };
}
