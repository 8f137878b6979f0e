import type { ActivationResult } from '@backstitch/protocol';
import type { Sandbox } from '../ports/sandbox.js';
import type { Replay, ReplayStretch } from './replay.js';

/**
 * Tasks that go to the sandbox in one call, of all runs together; each run has one at least. A call's way to another thread and back costs as much as a dozen tasks,
 * so that many more gain little; and what is held of them, and what code runs beyond a difference that is not found yet, is to stay small.
 */
const TASKS_PER_CALL_MAX = 128;

/** As {@link TASKS_PER_CALL_MAX}, for events with large payloads: three calls' worth is held at a time. */
const BYTES_PER_CALL_MAX = 2 * 1024 * 1024;

interface Step {
  replay: Replay;
  stretch: ReplayStretch;
}

interface AnsweredStep extends Step {
  results: readonly ActivationResult[];
}

type OnCompleted = (replay: Replay, result: Extract<ActivationResult, { status: 'completed' }>) => void;

/**
 * Brings runs back: the next stretch of all of them goes in one call, and while the sandbox is at it, what came of the call before is compared, and the stretches of
 * the one after are read. Ends when all are over; when it ends or throws, no call is under way.
 * @param onCompleted told of each result that counts, in the order of its run's tasks
 */
export async function replayAll(replays: readonly Replay[], sandbox: Sandbox, onCompleted?: OnCompleted): Promise<void> {
  let steps = nextSteps(replays);
  let answered: AnsweredStep[] = [];
  while (steps.length > 0 || answered.length > 0) {
    const underWay = steps.length === 0 ? undefined : sandbox.activate(steps.flatMap(({ stretch }) => stretch.tasks.map(({ activation }) => activation)));
    let following: Step[];
    try {
      accept(answered, onCompleted);
      following = nextSteps(replays);
    } catch (error) {
      // Who catches it may forget the runs, or bring them back once more: no call is to be under way by then.
      await underWay?.catch(() => undefined);
      throw error;
    }
    answered = underWay === undefined ? [] : withResults(steps, await underWay);
    steps = following;
  }
}

function nextSteps(replays: readonly Replay[]): Step[] {
  const open = replays.filter(({ isOver }) => !isOver);
  const limits = { tasksMax: Math.max(1, Math.floor(TASKS_PER_CALL_MAX / open.length)), bytesMax: BYTES_PER_CALL_MAX / open.length };
  return open.flatMap((replay) => {
    const stretch = replay.next(limits);
    return stretch === undefined ? [] : { replay, stretch };
  });
}

function withResults(steps: readonly Step[], results: readonly ActivationResult[]): AnsweredStep[] {
  let begin = 0;
  return steps.map(({ replay, stretch }) => ({ replay, stretch, results: results.slice(begin, (begin += stretch.tasks.length)) }));
}

function accept(answered: readonly AnsweredStep[], onCompleted: OnCompleted | undefined): void {
  for (const { replay, stretch, results } of answered) {
    const counted = replay.accept(stretch, results);
    for (let index = 0; index < counted && onCompleted !== undefined; index += 1) {
      const result = results[index];
      if (result?.status === 'completed') {
        onCompleted(replay, result);
      }
    }
  }
}
