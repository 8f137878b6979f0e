/**
 * Globals of browsers and of Node that workflow code has not got, but that libraries set before they use them (`globalThis.performance = …`). A run's `globalThis` is an
 * object of its own, so a bare name must be looked up there to be found.
 */
const ASSIGNABLE_GLOBALS: readonly string[] = [
  'Blob', 'Buffer', 'ByteLengthQueuingStrategy', 'CompressionStream', 'CountQueuingStrategy', 'CustomEvent', 'DOMException', 'DecompressionStream', 'Event', 'EventTarget', 'File',
  'FormData', 'Headers', 'MessageChannel', 'ReadableByteStreamController', 'ReadableStream', 'ReadableStreamBYOBReader', 'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader', 'Request', 'Response', 'TextDecoderStream', 'TextEncoderStream', 'TransformStream', 'TransformStreamDefaultController', 'WritableStream',
  'WritableStreamDefaultController', 'WritableStreamDefaultWriter', 'atob', 'btoa', 'crypto', 'fetch', 'global', 'navigator', 'performance', 'process', 'queueMicrotask', 'self',
  'setImmediate', 'clearImmediate', 'setInterval', 'clearInterval', 'window',
];

/** For the bundler: each of them, where no code declares it, is a property of the run's `globalThis`. */
export const ASSIGNABLE_GLOBAL_DEFINITIONS: Readonly<Record<string, string>> = Object.fromEntries(ASSIGNABLE_GLOBALS.map((name) => [name, `globalThis.${name}`]));
