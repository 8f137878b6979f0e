/** What is kept of every activity, open or closed, for as long as the run is in memory. */
export interface KnownActivity {
  readonly scheduledEventId: number;
  readonly activityId: string;
  /** Its number, where the id is the author's own. */
  readonly seq?: number;
  readonly activityType: string;
  /** Revision of its key: 1 once an operator has edited its input. */
  revision: number;
}

/** The activities of a run in order of scheduling, in which their numbers and their events ascend: one list serves both. */
export class KnownActivities {
  readonly #activities: KnownActivity[] = [];

  get size(): number {
    return this.#activities.length;
  }

  values(): readonly KnownActivity[] {
    return this.#activities;
  }

  /** By number, as workflow code counts them. */
  get(seq: number): KnownActivity | undefined {
    return this.#find(seq, numberOf);
  }

  /** By scheduling event. */
  ofEvent(scheduledEventId: number): KnownActivity | undefined {
    return this.#find(scheduledEventId, eventOf);
  }

  /** By its id: the newest that has it. */
  ofId(activityId: string): KnownActivity | undefined {
    const found = this.get(Number(activityId));
    return found?.activityId === activityId ? found : this.#activities.findLast((known) => known.activityId === activityId);
  }

  /** To be called in the order of the events. */
  add(known: KnownActivity): void {
    this.#activities.push(known);
  }

  #find(wanted: number, keyOf: (known: KnownActivity) => number): KnownActivity | undefined {
    let low = 0;
    let high = this.#activities.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const known = this.#activities[middle] as KnownActivity;
      const key = keyOf(known);
      if (key === wanted) {
        return known;
      }
      if (key < wanted) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return undefined;
  }
}

function numberOf({ seq, activityId }: KnownActivity): number {
  return seq ?? Number(activityId);
}

function eventOf({ scheduledEventId }: KnownActivity): number {
  return scheduledEventId;
}

/** What runs have that have scheduled nothing yet; nothing is ever added to it. */
export const NO_KNOWN_ACTIVITIES = new KnownActivities();
