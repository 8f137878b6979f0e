/** Files whose frames belong in the stack of a workflow's error. */
const WORKFLOW_FILES: ReadonlySet<string> = new Set(['workflows.bundle.js', 'shared.js']);

/** The compiler's helper for async functions stands in the first lines of a bundle. */
const HELPER_LINES_MAX = 22;
const HELPER_NAMES: ReadonlySet<string> = new Set(['__async', 'fulfilled', 'rejected', 'step']);

/** Frames of a stack, the runtime's own among them. */
const STACK_FRAMES_MAX = 30;

/** What of V8's call sites is used here. */
interface CallSite {
  getFileName(): string | null | undefined;
  getFunctionName(): string | null;
  getLineNumber(): number | null;
  toString(): string;
}

/**
 * Stacks in a realm show workflow code only. The frames below it belong to the host: they differ from machine to machine, and so
 * must not be seen by code that is replayed.
 */
export function installWorkflowStacks(realm: typeof globalThis): void {
  const prepareStackTrace = (error: unknown, callSites: readonly CallSite[]): string => {
    const frames = callSites.filter((site) => WORKFLOW_FILES.has(site.getFileName() ?? '') && !isHelper(site));
    return [headOf(error), ...frames.map((site) => `    at ${site.toString()}`)].join('\n');
  };
  // The runtime's own frames count too, though they are not shown.
  realm.Error.stackTraceLimit = STACK_FRAMES_MAX;
  Object.defineProperty(realm.Error, 'prepareStackTrace', { value: prepareStackTrace, writable: true, enumerable: false, configurable: true });
}

function isHelper(site: CallSite): boolean {
  return HELPER_NAMES.has(site.getFunctionName() ?? '') && (site.getLineNumber() ?? Infinity) <= HELPER_LINES_MAX;
}

function headOf(error: unknown): string {
  try {
    return String(error);
  } catch {
    return 'Error';
  }
}
