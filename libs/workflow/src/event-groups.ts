import { runFor } from './current-run.js';
import type { EventGroupMarker } from './type-info.js';

/** A group of events for people who look at the run. Backstitch shows no groups: what it gives can be handed on, and does nothing. */
export function createEventGroup(label: string, options?: { id?: string }): EventGroupMarker {
  runFor('createEventGroup');
  void label;
  void options;
  return { withScope: (fn) => fn() };
}

/** Nexus is not part of Backstitch: a client can be made, so that modules which name one load, and throws TypeError when it is called. */
export function createNexusServiceClient(options?: unknown): Record<'executeOperation' | 'startOperation', (...args: unknown[]) => Promise<never>> {
  void options;
  const refuse = (): Promise<never> => Promise.reject(new TypeError('Nexus is not part of Backstitch: use a child workflow or an external handle.'));
  return { executeOperation: refuse, startOperation: refuse };
}
