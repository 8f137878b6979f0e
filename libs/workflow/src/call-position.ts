/** A frame of a stack in the realm of workflow code, which shows workflow code only. */
const FRAME = /^\s+at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/;

/** One place in the code. */
export interface StackTraceFileLocation {
  file_path?: string;
  line?: number;
  column?: number;
  function_name?: string;
  internal_code: boolean;
}

/** The stack of the calling code, one line for each frame, innermost first; '' where nothing of it is workflow code. */
export function stackOfCall(): string {
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  return lines.filter((line) => FRAME.test(line) && !line.includes('node_modules/@backstitch/')).join('\n');
}

/** The place of the calling code, e.g. `src/order.ts:42:11`; '' where it is not known. */
export function positionOfCall(): string {
  const match = FRAME.exec(stackOfCall().split('\n')[0] ?? '');
  return match === null ? '' : `${match[2]}:${match[3]}:${match[4]}`;
}

/** A stack as data. */
export function locationsOf(stack: string): StackTraceFileLocation[] {
  return stack.split('\n').flatMap((line): StackTraceFileLocation[] => {
    const match = FRAME.exec(line);
    if (match === null) return [];
    const [, functionName, file, lineNumber, column] = match;
    return [{ file_path: file, line: Number(lineNumber), column: Number(column), ...(functionName === undefined ? {} : { function_name: functionName }), internal_code: false }];
  });
}
