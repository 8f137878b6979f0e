import { cardBehaviour } from './card-behaviour.js';
import type { Fault, FaultPlan } from './fault.js';

/** What a request is about to do. */
export type Operation = 'create' | 'confirm' | 'cancel' | 'refund';

const REMEMBERED_MAX = 200_000;

/** Decides what goes wrong with a request: first what its card says, once for each request; then what the plan draws. */
export class FaultInjector {
  readonly #plan: FaultPlan;
  readonly #fired = new Set<string>();
  readonly #requestsByKey = new Map<string, number>();

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  /**
   * @param request path and fields; a card's fault fires once for each
   * @param key the idempotency key; the plan draws anew whenever a request comes again under it
   */
  faultFor(operation: Operation, request: string, key: string, card: string | null | undefined): Fault | undefined {
    const behaviour = card === null || card === undefined ? undefined : cardBehaviour(card);
    if (behaviour?.fault?.on === operation && !this.#fired.has(request)) {
      this.#fired.add(request);
      dropOldest(this.#fired);
      return behaviour.fault.fault;
    }
    if (this.#plan.rate === 0) return undefined;
    const count = (this.#requestsByKey.get(key) ?? 0) + 1;
    this.#requestsByKey.delete(key);
    this.#requestsByKey.set(key, count);
    dropOldest(this.#requestsByKey);
    const fault = this.#plan.draw(`${operation} ${key} ${count}`);
    return fault === 'decline' && operation !== 'confirm' ? undefined : fault;
  }
}

function dropOldest(remembered: { size: number; keys(): IterableIterator<string>; delete(key: string): boolean }): void {
  if (remembered.size <= REMEMBERED_MAX) return;
  const oldest = remembered.keys().next();
  if (oldest.done !== true) remembered.delete(oldest.value);
}
