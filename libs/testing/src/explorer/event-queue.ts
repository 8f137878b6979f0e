/** Something that happens at a time. */
export interface QueuedEvent {
  readonly atMs: number;
  /** Order among those of one time. */
  readonly order: number;
  readonly run: () => void | Promise<void>;
  isCancelled: boolean;
}

/** What is to happen in simulated time: in order of time, then of being put in. A binary heap. */
export class EventQueue {
  readonly #heap: QueuedEvent[] = [];
  #orders = 0;

  add(atMs: number, run: () => void | Promise<void>): QueuedEvent {
    const event = { atMs, order: (this.#orders += 1), run, isCancelled: false };
    const heap = this.#heap;
    heap.push(event);
    for (let index = heap.length - 1; index > 0; ) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index]!, heap[parent]!)) {
        break;
      }
      this.#swap(index, parent);
      index = parent;
    }
    return event;
  }

  cancel(event: QueuedEvent | undefined): void {
    if (event !== undefined) {
      event.isCancelled = true;
    }
  }

  /** Takes the next one out; undefined if none waits. */
  take(): QueuedEvent | undefined {
    let event = this.#pop();
    while (event?.isCancelled === true) {
      event = this.#pop();
    }
    return event;
  }

  #pop(): QueuedEvent | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (heap.length > 0 && last !== undefined) {
      heap[0] = last;
      for (let index = 0; ; ) {
        const left = 2 * index + 1;
        const right = left + 1;
        let smallest = index;
        if (left < heap.length && isBefore(heap[left]!, heap[smallest]!)) smallest = left;
        if (right < heap.length && isBefore(heap[right]!, heap[smallest]!)) smallest = right;
        if (smallest === index) {
          break;
        }
        this.#swap(index, smallest);
        index = smallest;
      }
    }
    return first;
  }

  #swap(one: number, other: number): void {
    const heap = this.#heap;
    [heap[one], heap[other]] = [heap[other]!, heap[one]!];
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);
}
