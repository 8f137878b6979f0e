import type { CancelledFailure } from '@backstitch/protocol/failures';

/** One who is told when a scope is cancelled. Has a place in one list at a time, and keeps it itself: suspended runs are many, and have many of these. */
export abstract class CancelListener {
  /** @internal The list's own. */
  list: CancelListeners | undefined;
  /** @internal The list's own. */
  previous: CancelListener | undefined;
  /** @internal The list's own. */
  next: CancelListener | undefined;

  /** Called at most once. */
  abstract cancelled(reason: CancelledFailure): void;

  /** Leaves its list. Without effect once the list's scope is cancelled. */
  forgetCancel(): void {
    this.list?.remove(this);
  }
}

/** A listener that calls a function. */
export class CancelCallback extends CancelListener {
  constructor(readonly callback: (reason: CancelledFailure) => void) {
    super();
  }

  override cancelled(reason: CancelledFailure): void {
    this.callback(reason);
  }
}

/**
 * Who listens to one scope, in order of registration.
 *
 * States: open → told, once: then nobody joins or leaves. What listeners do must be harmless to who has ended meanwhile.
 */
export class CancelListeners {
  #first: CancelListener | undefined;
  #last: CancelListener | undefined;
  #isTold = false;

  /** Whether they are told, or will be within a microtask. */
  get isTold(): boolean {
    return this.#isTold;
  }

  add(listener: CancelListener): void {
    if (this.#isTold) return;
    listener.list = this;
    listener.previous = this.#last;
    if (this.#last === undefined) this.#first = listener;
    else this.#last.next = listener;
    this.#last = listener;
  }

  remove(listener: CancelListener): void {
    if (this.#isTold) return;
    const { previous, next } = listener;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    listener.list = listener.previous = listener.next = undefined;
  }

  /** Tells all who are here. */
  tell(reason: CancelledFailure): void {
    if (this.#isTold) return;
    this.#isTold = true;
    this.#tellAll(reason);
  }

  /** Tells all who are here a microtask later. @param soon puts a callback in line */
  tellSoon(reason: CancelledFailure, soon: (callback: () => void) => void): void {
    if (this.#isTold) return;
    this.#isTold = true;
    if (this.#first !== undefined) soon(() => this.#tellAll(reason));
  }

  #tellAll(reason: CancelledFailure): void {
    for (let listener = this.#first; listener !== undefined; listener = listener.next) listener.cancelled(reason);
    this.#first = this.#last = undefined;
  }
}
