// Node's own signature: what an event passes depends on the event.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Listener = (...args: any[]) => void;

/** The part of the process that start and stop touch; specs give one of their own. */
export interface ProcessPort {
  on(event: string, listener: Listener): unknown;
  off(event: string, listener: Listener): unknown;
  exit(code: number): void;
}
