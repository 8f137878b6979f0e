import { AleaRandom, seedBytesOfRun, seedBytesOfStream } from './alea-random.js';
import { fillFrom, uuid4From, type RandomSource } from './random-source.js';
import { SeededRandom } from './random.js';
import { contextWithValue, runInContext, valueOf } from './scope-context.js';

/** A stream of random numbers of a run. Temporal's names. */
export interface WorkflowRandomStream {
  /** A number in [0, 1). */
  random(): number;
  /** A UUID (version 4). */
  uuid4(): string;
  /** Fills `bytes` with random bytes, and gives it back. */
  fill(bytes: Uint8Array): Uint8Array;
  /** Runs `fn`, and all that it starts, with Math.random, random() and uuid4() drawing from this stream. */
  with<Result>(fn: () => Result): Result;
}

const CURRENT_STREAM: object = Object.freeze({});

/** The randomness of one run: its own numbers and named streams, all from one seed. Each is made when it is first drawn from. */
export class RunRandomness implements RandomSource {
  readonly #seed: string;
  readonly #isLegacy: boolean;
  #own: (RandomSource & { uuid4?: () => string }) | undefined;
  #streams: Map<string, RandomSource> | undefined;

  /** @param isLegacy draws what runs of runtime version 1 draw */
  constructor(seed: string, isLegacy: boolean) {
    this.#seed = seed;
    this.#isLegacy = isLegacy;
  }

  /** From the stream that is along the way, or else from the run's own numbers. */
  next(): number {
    const stream = valueOf(CURRENT_STREAM) as RandomSource | undefined;
    return stream === undefined ? this.own.next() : stream.next();
  }

  uuid4(): string {
    return this.own.uuid4 !== undefined && valueOf(CURRENT_STREAM) === undefined ? this.own.uuid4() : uuid4From(this);
  }

  /** The run's own numbers. */
  get own(): RandomSource & { uuid4?: () => string } {
    this.#own ??= this.#isLegacy ? new SeededRandom(this.#seed) : new AleaRandom(seedBytesOfRun(this.#seed));
    return this.#own;
  }

  /** A stream that nothing else draws from. */
  named(name: string): RandomSource {
    const streams = (this.#streams ??= new Map());
    let stream = streams.get(name);
    if (stream === undefined) streams.set(name, (stream = new AleaRandom(seedBytesOfStream(seedBytesOfRun(this.#seed), name))));
    return stream;
  }
}

/** A stream as authors see it. @param source asked at each draw */
export function streamOf(source: () => RandomSource): WorkflowRandomStream {
  return {
    random: () => source().next(),
    uuid4: () => uuid4From(source()),
    fill: (bytes) => fillFrom(source(), bytes),
    with: (fn) => runInContext(contextWithValue(CURRENT_STREAM, { next: () => source().next() }), fn),
  };
}
