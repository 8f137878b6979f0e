import type { Block, CancellationType, Choice, Feature, Program, Step } from './program.js';
import type { SeededRandom } from './seeded-random.js';

const CANCELLATION_TYPES: readonly CancellationType[] = ['TRY_CANCEL', 'ABANDON', 'WAIT_CANCELLATION_COMPLETED'];
const CHOICES: readonly Choice[] = ['fixed', 'fixed', 'memory', 'random', 'uuid', 'clock'];
const ACTIVITIES = ['reserve', 'charge', 'ship', 'notify', 'measure'];
const BRANCHES_MAX = 4;
const DEPTH_MAX = 4;
/** Steps of one program, its children's included. */
const STEPS_MAX = 45;

type Maker = (depth: number) => Step;

/** Makes programs from a seeded source of randomness. */
export class ProgramMaker {
  #labels = 0;
  #steps = 0;
  /** Labels of scopes that are open where a step is made. */
  #scopes: number[] = [];
  #children: number[] = [];
  /** A handler that starts children which signal their parent would never come to an end. */
  #inHandler = false;
  /** One chain of runs continues once at most, so that it ends. */
  #mayContinue = true;

  constructor(
    readonly random: SeededRandom,
    readonly features: ReadonlySet<Feature>,
  ) {}

  program(depth = 0): Program {
    const scopes = this.#scopes;
    const children = this.#children;
    this.#scopes = [];
    this.#children = [];
    const { random } = this;
    const program: Program = {
      body: this.#block(depth, 2 + random.below(5)),
      onSignal: this.#handler(),
      onUpdate: this.features.has('updates') ? this.#handler() : [],
      waitsForHandlers: random.chance(0.3),
    };
    if (this.features.has('continueAsNew') && depth === 0 && this.#mayContinue && random.chance(0.12)) {
      this.#mayContinue = false;
      program.body.push({ do: 'continueAsNew', program: { ...this.program(1), onSignal: program.onSignal } });
    } else if (random.chance(0.08)) {
      program.body.push({ do: 'fail' });
    }
    this.#scopes = scopes;
    this.#children = children;
    return program;
  }

  #handler(): Block {
    const { random } = this;
    if (random.chance(0.5)) {
      return [];
    }
    this.#inHandler = true;
    const body = this.#block(DEPTH_MAX - 1, 1 + random.below(2));
    this.#inHandler = false;
    return [{ do: 'attempt', body, onFailure: [] }];
  }

  #block(depth: number, steps: number): Block {
    const block: Block = [];
    for (let index = 0; index < steps && this.#steps < STEPS_MAX; index += 1) {
      block.push(this.#step(depth));
    }
    return block;
  }

  #step(depth: number): Step {
    this.#steps += 1;
    return this.random.pick(depth >= DEPTH_MAX ? this.#simple() : [...this.#simple(), ...this.#compound()])(depth);
  }

  /** Steps without a block; more of a kind means more often. */
  #simple(): Maker[] {
    const { random, features } = this;
    const activity: Maker = () => ({ do: 'activity', name: random.pick(ACTIVITIES), by: random.pick(CHOICES), cancellation: random.pick(CANCELLATION_TYPES) });
    const sleep: Maker = () => ({ do: 'sleep', ms: 1 + random.below(60) * 1_000 });
    const condition: Maker = () => ({ do: 'condition', signals: 1 + random.below(3), ...(random.chance(0.7) ? { timeoutMs: 1 + random.below(90) * 1_000 } : {}) });
    const makers = [activity, activity, activity, sleep, sleep, condition, (): Step => ({ do: 'upsert', value: random.pick(ACTIVITIES) }), (): Step => ({ do: 'trigger' })];
    if (this.#scopes.length > 0) {
      makers.push(() => ({ do: 'cancelScope', label: random.pick(this.#scopes) }));
    }
    if (features.has('localActivities')) {
      makers.push(() => ({ do: 'localActivity', name: random.pick(['add', 'look']) }));
    }
    if (features.has('memo')) {
      makers.push(() => ({ do: 'memo', value: random.pick(ACTIVITIES) }));
    }
    if (features.has('external')) {
      makers.push(() => ({ do: 'signalExternal', to: random.pick(['parent', 'nobody'] as const) }));
      makers.push(() => ({ do: 'cancelExternal', to: 'nobody' }));
      if (this.#children.length > 0) {
        makers.push(() => ({ do: 'signalChild', label: random.pick(this.#children) }));
      }
    }
    if (features.has('patches')) {
      makers.push(() => ({ do: 'deprecatePatch', id: `old-${random.below(3)}` }));
    }
    return makers;
  }

  #compound(): Maker[] {
    const { random, features } = this;
    const branches = (depth: number): Block[] => Array.from({ length: 2 + random.below(BRANCHES_MAX - 1) }, () => this.#block(depth + 1, 1 + random.below(3)));
    const makers: Maker[] = [
      (depth) => ({ do: 'all', branches: branches(depth) }),
      (depth) => ({ do: 'all', branches: branches(depth) }),
      (depth) => ({ do: 'race', branches: branches(depth) }),
      (depth) => this.#scope(depth),
      (depth) => this.#scope(depth),
      (depth) => ({ do: 'attempt', body: this.#block(depth + 1, 1 + random.below(3)), onFailure: this.#block(depth + 1, random.below(2)) }),
      (depth) => ({ do: 'branch', modulus: 2, branches: branches(depth).slice(0, 2) }),
    ];
    if (features.has('saga')) {
      makers.push((depth) => this.#saga(depth));
    }
    if (features.has('patches')) {
      makers.push((depth) => ({ do: 'patched', id: `patch-${random.below(5)}`, then: this.#block(depth + 1, 1 + random.below(2)), otherwise: this.#block(depth + 1, 1) }));
    }
    if (features.has('children') && !this.#inHandler) {
      makers.push((depth) => this.#child(depth));
    }
    return makers;
  }

  #scope(depth: number): Step {
    const { random } = this;
    this.#labels += 1;
    const label = this.#labels;
    this.#scopes.push(label);
    const body = this.#block(depth + 1, 1 + random.below(3));
    const onCancelled = this.#block(depth + 1, random.below(2));
    return { do: 'scope', label, kind: random.pick(['cancellable', 'cancellable', 'nonCancellable', 'timeout'] as const), timeoutMs: 1 + random.below(60) * 1_000, body, onCancelled };
  }

  #saga(depth: number): Step {
    const { random } = this;
    const body = this.#block(depth + 1, random.below(2));
    if (this.features.has('continueAsNew') && this.#mayContinue && random.chance(0.15)) {
      this.#mayContinue = false;
      body.push({ do: 'continueAsNew', program: this.program(DEPTH_MAX - 1) });
    }
    return { do: 'saga', steps: 1 + random.below(3), parallel: random.chance(0.3), locks: random.chance(0.3), nests: random.chance(0.3), pivots: random.chance(0.2), fails: random.chance(0.5), body };
  }

  #child(depth: number): Step {
    const { random } = this;
    this.#labels += 1;
    const label = this.#labels;
    const program = this.program(depth + 2);
    this.#children.push(label);
    const cancellation = random.pick([...CANCELLATION_TYPES, 'WAIT_CANCELLATION_REQUESTED'] as const);
    return { do: 'child', label, cancellation, program, awaits: random.chance(0.7) ? 'result' : 'start' };
  }
}
