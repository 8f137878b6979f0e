/** What all services' databases, and the world outside, hold: one object, whose identity and whose parts' stay the same whatever is committed. */
export class SharedState<State extends object> {
  #version = 0;

  constructor(readonly live: State) {}

  /** Somebody outside of any transaction may have changed it. */
  touch(): void {
    this.#version += 1;
  }

  /** A copy to work on. */
  draft(): Draft<State> {
    return new Draft(this.live, this.#version);
  }

  /** Whether nothing was committed since the draft was made. */
  isCurrent(draft: Draft<State>): boolean {
    return draft.version === this.#version;
  }

  /** Takes the draft over. It must be current, and is not used any more. */
  commit(draft: Draft<State>): void {
    assign(this.live, draft.value);
    this.#version += 1;
  }

  /**
   * Takes a draft over that goes on being used, and may be older: what others have committed to other members of the state stays, and the draft learns of it.
   * @returns false, with nothing committed, if both have changed the same member
   */
  merge(draft: Draft<State>): boolean {
    if (!this.isCurrent(draft) && !draft.rebase(this.live)) return false;
    assign(this.live, copyOfData(draft.value));
    this.#version += 1;
    draft.committed(this.#version);
    return true;
  }
}

type Members = Record<string, unknown>;

/** A copy of the state that one transaction works on. */
export class Draft<State extends object> {
  readonly value: State;
  #base: Members | undefined;

  constructor(
    live: State,
    public version: number,
  ) {
    this.value = copyOfData(live);
  }

  /** Remembers how the state was, to tell later what was changed by whom. */
  remember(): this {
    this.#base = copyOfData(this.value) as Members;
    return this;
  }

  rebase(live: State): boolean {
    const base = this.#base ?? {};
    const [mine, theirs] = [this.value as Members, live as Members];
    const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs), ...Object.keys(base)])];
    const changed = (members: Members, name: string): boolean => JSON.stringify(members[name]) !== JSON.stringify(base[name]);
    if (names.some((name) => changed(mine, name) && changed(theirs, name))) return false;
    for (const name of names) {
      if (!changed(theirs, name)) continue;
      if (name in theirs) mine[name] = copyOfData(theirs[name]);
      else delete mine[name];
    }
    return true;
  }

  committed(version: number): void {
    this.version = version;
    this.remember();
  }
}

/** A copy of plain data; of anything else what structuredClone makes of it. Much faster than that for small data. */
export function copyOfData<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOfData) as T;
  if (!isContainer(value)) return structuredClone(value);
  const copy: Members = {};
  for (const name of Object.keys(value)) copy[name] = copyOfData((value as Members)[name]);
  return copy as T;
}

/** Makes the target equal to the source, keeping its objects and arrays where the source has such too: whoever holds a part of it sees the change. */
function assign(target: object, source: object): void {
  const [to, from] = [target as Members, source as Members];
  if (Array.isArray(target) && Array.isArray(source)) target.length = source.length;
  for (const name of Object.keys(to)) if (!(name in from)) delete to[name];
  for (const [name, value] of Object.entries(from)) {
    const before = to[name];
    if (isContainer(before) && isContainer(value) && Array.isArray(before) === Array.isArray(value)) assign(before, value);
    else to[name] = value;
  }
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
