import { IllegalStateError } from './illegal-state-error.js';

/** Stands in the place of what a forgotten run had. Its code can be called only by a run that got hold of it through a shared module. */
export const FORGOTTEN = new Proxy(Object.freeze({}), {
  get(): never {
    throw new IllegalStateError('This function belongs to a run that is here no more.');
  },
}) as never;
