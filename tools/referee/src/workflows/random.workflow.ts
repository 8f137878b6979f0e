import * as workflow from '@backstitch/workflow';
import type { Block, CancellationType, Program, Step } from '../random/program.js';

const { ApplicationFailure, CancellationScope, TemporalFailure, condition, isCancellation, proxyActivities, saga, setHandler, sleep, uuid4 } = workflow;

type AnyActivities = Record<string, (...args: unknown[]) => Promise<number>>;
const activitiesOf = (cancellationType: CancellationType): AnyActivities =>
  proxyActivities<AnyActivities>({ taskQueue: 'shop', startToCloseTimeout: '1 minute', cancellationType, retry: { maximumAttempts: 2 } });
const ACTIVITIES: Record<CancellationType, AnyActivities> = {
  TRY_CANCEL: activitiesOf('TRY_CANCEL'),
  ABANDON: activitiesOf('ABANDON'),
  WAIT_CANCELLATION_COMPLETED: activitiesOf('WAIT_CANCELLATION_COMPLETED'),
};
const { add, look } = workflow.proxyLocalActivities<{ add(memory: number): Promise<number>; look(memory: number): Promise<number> }>({ startToCloseTimeout: '10 seconds', retry: { maximumAttempts: 1 } });
const poke = workflow.defineSignal<[number]>('poke');
const change = workflow.defineUpdate<number, [number]>('change');
const VARIANTS = 4;
/** An update whose number is divisible by it is refused by the validator. */
const REFUSED_MODULUS = 5;

/** Does what the program says. What it learns on its way decides some of its commands, so that a wrong value shows. */
export async function randomWorkflow(program: Program): Promise<number> {
  return new Interpreter(program).run();
}

class Interpreter {
  /** Everything learned so far, in one number. */
  #memory = 7;
  #signals = 0;
  #triggers = 0;
  #handlersRunning = 0;
  readonly #scopes = new Map<number, workflow.CancellationScope>();
  readonly #children = new Map<number, workflow.ChildWorkflowHandle<typeof randomWorkflow>>();

  constructor(readonly program: Program) {}

  async run(): Promise<number> {
    setHandler(poke, async (value: number) => {
      this.#signals += 1;
      this.#learn(value);
      this.#handlersRunning += 1;
      try {
        await this.#block(this.program.onSignal);
      } finally {
        this.#handlersRunning -= 1;
      }
    });
    setHandler(
      change,
      async (value: number) => {
        this.#learn(value);
        this.#handlersRunning += 1;
        try {
          await this.#block(this.program.onUpdate);
        } finally {
          this.#handlersRunning -= 1;
        }
        return this.#memory;
      },
      {
        validator: (value: number) => {
          if (value % REFUSED_MODULUS === 0) throw ApplicationFailure.create({ message: 'refused', type: 'Refused' });
        },
      },
    );
    await this.#block(this.program.body);
    if (this.program.waitsForHandlers) await condition(() => this.#handlersRunning === 0);
    return this.#memory;
  }

  async #block(steps: Block): Promise<void> {
    for (const step of steps) await this.#step(step);
  }

  async #step(step: Step): Promise<void> {
    switch (step.do) {
      case 'activity':
        this.#learn(await this.#activity(ACTIVITIES[step.cancellation], step.name, step.by));
        return;
      case 'sleep':
        return sleep(step.ms);
      case 'condition':
        if (step.timeoutMs === undefined) await condition(() => this.#signals >= step.signals);
        else this.#learn((await condition(() => this.#signals >= step.signals, step.timeoutMs)) ? 1 : 2);
        return;
      case 'all':
        await Promise.all(step.branches.map((branch) => this.#block(branch)));
        return;
      case 'race':
        this.#learn(await Promise.race(step.branches.map((branch, index) => this.#block(branch).then(() => index))));
        return;
      case 'scope':
        return this.#scope(step);
      case 'cancelScope':
        this.#scopes.get(step.label)?.cancel();
        return;
      case 'attempt':
        try {
          await this.#block(step.body);
        } catch (error) {
          this.#tolerate(error);
          await this.#block(step.onFailure);
        }
        return;
      case 'branch':
        return this.#block(step.branches[this.#memory % step.modulus] ?? []);
      case 'saga':
        return this.#saga(step);
      case 'localActivity':
        this.#learn(await (step.name === 'add' ? add : look)(this.#memory));
        return;
      case 'patched':
        return this.#block(workflow.patched(step.id) ? step.then : step.otherwise);
      case 'deprecatePatch':
        workflow.deprecatePatch(step.id);
        return;
      case 'child':
        return this.#child(step);
      case 'signalChild':
        await this.#children.get(step.label)?.signal(poke, 1);
        return;
      case 'signalExternal':
        return this.#tolerated(() => workflow.getExternalWorkflowHandle(this.#other(step.to)).signal(poke, 2));
      case 'cancelExternal':
        return this.#tolerated(() => workflow.getExternalWorkflowHandle(this.#other(step.to)).cancel());
      case 'memo':
        workflow.upsertMemo({ note: step.value });
        return;
      case 'continueAsNew':
        return workflow.continueAsNew<typeof randomWorkflow>(step.program);
      case 'upsert':
        workflow.upsertSearchAttributes({ Word: [step.value] });
        return;
      case 'trigger': {
        this.#triggers += 1;
        const awaited = this.#triggers;
        return condition(() => this.#triggers >= awaited);
      }
      case 'fail':
        throw ApplicationFailure.create({ message: 'as the program says', type: 'Told', nonRetryable: true });
      default:
        throw new TypeError(`The program has an unknown step: ${JSON.stringify(step satisfies never)}`);
    }
  }

  async #child({ label, cancellation, program, awaits }: Extract<Step, { do: 'child' }>): Promise<void> {
    const child = await workflow.startChild(randomWorkflow, { args: [program], cancellationType: cancellation });
    this.#children.set(label, child);
    if (awaits === 'result') this.#learn(await child.result());
  }

  /** Whom an external call is for. */
  #other(to: 'parent' | 'nobody'): string {
    return (to === 'parent' ? workflow.workflowInfo().parent?.workflowId : undefined) ?? 'nobody-there';
  }

  async #tolerated(call: () => Promise<void>): Promise<void> {
    try {
      await call();
      this.#learn(17);
    } catch (error) {
      if (isCancellation(error)) throw error;
      this.#tolerate(error);
    }
  }

  #activity(activities: AnyActivities, name: string, by: Extract<Step, { do: 'activity' }>['by']): Promise<number> {
    const variant = { fixed: () => 0, memory: () => this.#memory, random: () => Math.floor(Math.random() * VARIANTS), uuid: () => parseInt(uuid4().slice(0, 8), 16), clock: () => Math.floor(Date.now() / 1_000) }[by]();
    return this.#call(activities, `${name}${by === 'fixed' ? '' : String(variant % VARIANTS)}`);
  }

  #call(activities: AnyActivities, name: string): Promise<number> {
    return (activities[name] as AnyActivities[string])(this.#memory);
  }

  async #scope({ label, kind, timeoutMs, body, onCancelled }: Extract<Step, { do: 'scope' }>): Promise<void> {
    try {
      if (kind === 'timeout') {
        await CancellationScope.withTimeout(timeoutMs, () => {
          this.#scopes.set(label, CancellationScope.current());
          return this.#block(body);
        });
      } else {
        const scope = new CancellationScope({ cancellable: kind === 'cancellable' });
        this.#scopes.set(label, scope);
        await scope.run(() => this.#block(body));
      }
    } catch (error) {
      if (!isCancellation(error)) throw error;
      this.#learn(3);
      await this.#block(onCancelled);
    }
  }

  async #saga(given: Extract<Step, { do: 'saga' }>): Promise<void> {
    try {
      await saga({ parallelUndo: given.parallel }, (begun) => this.#sagaBody(begun, given));
    } catch (error) {
      this.#tolerate(error);
      this.#learn(5);
    }
  }

  async #sagaBody(begun: workflow.Saga, { steps, locks, nests, pivots, fails, body }: Extract<Step, { do: 'saga' }>): Promise<void> {
    const activities = ACTIVITIES.TRY_CANCEL as Record<string, (input: { index: number }) => Promise<number>>;
    const step = async (within: workflow.Saga, index: number): Promise<void> => {
      const undo = activities[`undo${index}`] as never;
      this.#learn(await within.step(activities[`step${index}`] as (typeof activities)[string], { index }, { undo }));
    };
    if (locks) await begun.lock('stock');
    for (let index = 0; index < steps; index += 1) await step(begun, index);
    if (nests) await begun.saga((inner) => step(inner, 7));
    await this.#block(body);
    if (pivots) {
      this.#learn(await begun.pivot(activities['pivot'] as (typeof activities)[string], { index: 8 }));
      await step(begun, 9);
    }
    if (fails) throw ApplicationFailure.create({ message: 'taken back', type: 'TakenBack', nonRetryable: true });
  }

  /** Failures are expected here, errors and cancellations of the whole workflow are not. */
  #tolerate(error: unknown): void {
    if (!(error instanceof TemporalFailure)) throw error;
    this.#learn(isCancellation(error) ? 11 : 13);
  }

  #learn(value: number | null | undefined): void {
    this.#memory = (this.#memory * 31 + (value ?? 0)) % 9_973;
  }
}
