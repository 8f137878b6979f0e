/** Of all that have nothing: nothing is ever put into it. */
const NONE: never[] = [];

/** What is under way, by number; numbers only rise. An array: a run has few, and there are many suspended runs. */
export class PendingBySeq<Item extends { readonly seq: number }> {
  #items: Item[] = NONE;

  /** @param item its number is higher than all before it */
  add(item: Item): void {
    // Not pushed: the first push makes room for 17, and most suspended runs wait for one.
    if (this.#items.length === 0) this.#items = [item];
    else this.#items.push(item);
  }

  /** What `describe` gives for each. */
  map<Result>(describe: (item: Item) => Result): Result[] {
    return this.#items.map(describe);
  }

  get(seq: number): Item | undefined {
    return this.#items[this.#indexOf(seq)];
  }

  /** Takes it out, if it is here. */
  take(seq: number): Item | undefined {
    const first = this.#items[0];
    if (this.#items.length === 1 && first?.seq === seq) {
      this.#items = NONE;
      return first;
    }
    const index = this.#indexOf(seq);
    return index === -1 ? undefined : this.#items.splice(index, 1)[0];
  }

  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#items.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const found = (this.#items[middle] as Item).seq;
      if (found === seq) return middle;
      if (found < seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}
