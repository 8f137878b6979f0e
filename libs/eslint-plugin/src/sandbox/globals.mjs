/** Methods of `console` that workflow code has; they write to the run's log. */
export const CONSOLE_METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'];

const INSTEAD = {
  activity: 'Do it in an activity.',
  sleep: 'Use sleep() or condition().',
  uuid: 'Use uuid4(), random() or Math.random(), which are the run’s own.',
  input: 'Hand it in as an argument of the workflow, or read it in an activity.',
  weak: 'What the garbage collector does differs from run to run; keep a Map or a Set, and delete what is done with.',
  thread: 'A run has one thread of its own.',
  language: 'The machine’s language and time zone differ from place to place: format text in an activity, or with a library that brings its own data.',
  code: 'Write the code out: text is not evaluated in workflow code.',
  modules: 'Import it.',
  encode: 'Encode it in an activity, or with a library that is plain JavaScript.',
  page: 'Workflow code runs on a server, and outside of any page.',
};

/** What to use in place of globals that workflow code does not have, by those. */
const FORBIDDEN_BY_ADVICE = {
  activity: [
    'fetch', 'Headers', 'Request', 'Response', 'FormData', 'WebSocket', 'CloseEvent', 'EventSource', 'XMLHttpRequest', 'Blob', 'File',
    'ReadableStream', 'ReadableStreamDefaultReader', 'ReadableStreamBYOBReader', 'ReadableStreamBYOBRequest', 'ReadableByteStreamController',
    'ReadableStreamDefaultController', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter', 'TransformStream',
    'TransformStreamDefaultController', 'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'TextEncoderStream', 'TextDecoderStream',
    'CompressionStream', 'DecompressionStream', 'Event', 'EventTarget', 'CustomEvent', 'ErrorEvent', 'MessageEvent', 'DOMException', 'indexedDB', 'caches',
  ],
  sleep: ['setInterval', 'clearInterval', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'requestAnimationFrame', 'requestIdleCallback', 'cancelAnimationFrame'],
  uuid: ['crypto', 'Crypto', 'CryptoKey', 'SubtleCrypto'],
  input: ['process', 'navigator', 'Navigator', '__dirname', '__filename', 'localStorage', 'sessionStorage', 'Storage'],
  weak: ['WeakRef', 'FinalizationRegistry'],
  thread: ['SharedArrayBuffer', 'Atomics', 'Worker', 'BroadcastChannel', 'MessageChannel', 'MessagePort'],
  language: ['Intl'],
  code: ['eval', 'WebAssembly'],
  modules: ['require', 'global'],
  encode: ['Buffer', 'atob', 'btoa', 'URL', 'URLSearchParams', 'URLPattern'],
  page: ['window', 'document', 'location', 'self', 'alert', 'history'],
};
const CLOCKS = [
  'performance', 'Performance', 'PerformanceEntry', 'PerformanceMark', 'PerformanceMeasure', 'PerformanceObserver', 'PerformanceObserverEntryList', 'PerformanceResourceTiming',
];

/**
 * Globals that workflow code does not have: the sandbox removes them, or never had them. The value says what to do instead. A test compares them with
 * the sandbox.
 * @type {ReadonlyMap<string, string>}
 */
export const FORBIDDEN_GLOBALS = new Map([
  ...Object.entries(FORBIDDEN_BY_ADVICE).flatMap(([advice, names]) => names.map((name) => /** @type {const} */ ([name, INSTEAD[/** @type {keyof typeof INSTEAD} */ (advice)]]))),
  ...CLOCKS.map((name) => /** @type {const} */ ([name, 'Use now() or Date.now(): the time of the workflow task, the same on each replay.'])),
]);

/**
 * Members that globals of workflow code do not have, by the global's name.
 * @type {ReadonlyMap<string, ReadonlyMap<string, string>>}
 */
export const FORBIDDEN_MEMBERS = new Map([
  ['Array', new Map([['fromAsync', 'Await in a loop.']])],
  ['AbortSignal', new Map([['timeout', 'Use CancellationScope.withTimeout().']])],
  [
    'RegExp',
    new Map(
      ['$1', '$2', '$3', '$4', '$5', '$6', '$7', '$8', '$9', 'input', '$_', 'lastMatch', '$&', 'lastParen', '$+', 'leftContext', '$`', 'rightContext', "$'"].map((name) => [
        name,
        'It holds the text of whichever run matched last: take it from the match itself.',
      ]),
    ),
  ],
]);
