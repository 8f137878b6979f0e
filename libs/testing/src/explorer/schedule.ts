import { ScheduleTextError } from './explorer-errors.js';

/** What can happen at a port call of the orchestrator. */
export const ORCHESTRATOR_FAULTS = {
  'crash-before': 'the orchestrator dies before it; another one takes over',
  'crash-after': 'it takes effect, and the orchestrator dies before it hears of that; another one takes over',
  freeze: 'the orchestrator stands still; another one takes over, and after 20 seconds the first one goes on as if nothing had been',
  'store-down': 'the store cannot be reached, and nothing is written',
  'store-answer-lost': 'the store writes it, and its answer gets lost',
  stale: 'the store says that another orchestrator was faster',
  'queue-down': 'the queue cannot be reached',
  'queue-answer-lost': 'the queue takes it, and its answer gets lost',
  'jobs-lost': 'the queue takes it and loses it',
  'calls-lost': 'the other run cannot be reached',
  'calls-answer-lost': 'it takes effect, and its answer gets lost',
} as const;

/** What can happen when a job is handed to a worker. */
export const DELIVERY_FAULTS = {
  late: 'it comes 2 seconds late, behind others',
  'very-late': 'it comes an hour late',
  twice: 'it is handed to two workers at once',
  'again-later': 'it is handed out once more, an hour later',
  'job-lost': 'the queue loses it',
  fails: 'the service fails, and may be tried again',
  refused: 'the service refuses, for good',
} as const;

/** What can happen to a worker between two steps of an attempt. */
export const WORKER_FAULTS = {
  'worker-crash': 'the worker dies',
  'worker-freeze': 'the worker stands still for 45 seconds; meanwhile another one gets the job',
  'worker-slow': 'it takes longer than its time-out allows',
} as const;

/** What can happen to a worker's reply. */
export const REPLY_FAULTS = {
  'reply-lost': 'the reply gets lost',
  'reply-twice': 'the reply comes twice',
  'reply-late': 'the reply comes only after its time-out',
  unacknowledged: 'the worker dies right after its reply, so the job is handed out again',
} as const;

/** What can happen to a timer of the orchestrator, or to a caller's request. */
export const CALL_FAULTS = {
  'timer-late': 'it goes off 20 seconds late',
  'sent-twice': 'the caller sends it twice',
} as const;

export type FaultKind =
  | keyof typeof ORCHESTRATOR_FAULTS
  | keyof typeof DELIVERY_FAULTS
  | keyof typeof WORKER_FAULTS
  | keyof typeof REPLY_FAULTS
  | keyof typeof CALL_FAULTS;

/** All faults, in the author's words. */
export const FAULTS: Readonly<Record<FaultKind, string>> = { ...ORCHESTRATOR_FAULTS, ...DELIVERY_FAULTS, ...WORKER_FAULTS, ...REPLY_FAULTS, ...CALL_FAULTS };

/** One of the messages of `ExploreOptions.signals` is sent, by its index. */
export type MessageEvent = `send-${number}`;

/** Something that a schedule does to a run: what happens, and at which point of its course. */
export interface ScheduleEvent {
  /** The point's name, e.g. `chargePayment.1@committed`; the same for the same course of things. */
  at: string;
  what: FaultKind | MessageEvent;
}

/**
 * All that makes one course of things differ from the smooth one. The same schedule gives the same course of things, event by event.
 */
export interface Schedule {
  /** Fixes run ids, the randomness of workflow code and the jitter of retries. */
  seed: number;
  events: readonly ScheduleEvent[];
}

const SEPARATOR = ' | ';
const IS = ' = ';

/** A schedule as one line, for `ExploreOptions.replay`. */
export function formatSchedule({ seed, events }: Schedule): string {
  return [`seed ${seed}`, ...events.map(({ at, what }) => `${at}${IS}${what}`)].join(SEPARATOR);
}

/** @throws ScheduleTextError */
export function parseSchedule(text: string): Schedule {
  const [first = '', ...rest] = text.split(SEPARATOR);
  const seed = /^seed (\d+)$/.exec(first.trim())?.[1];
  if (seed === undefined) {
    throw new ScheduleTextError(text, 'it does not begin with "seed" and a number');
  }
  const events = rest.map((part): ScheduleEvent => {
    const end = part.lastIndexOf(IS);
    const what = part.slice(end + IS.length).trim();
    if (end === -1 || !isEventKind(what)) {
      throw new ScheduleTextError(text, `"${part}" is no event`);
    }
    return { at: part.slice(0, end).trim(), what };
  });
  return { seed: Number(seed), events };
}

export function isMessageEvent(what: string): what is MessageEvent {
  return /^send-\d+$/.test(what);
}

export function isFaultKind(what: string): what is FaultKind {
  return Object.hasOwn(FAULTS, what);
}

function isEventKind(what: string): what is ScheduleEvent['what'] {
  return isFaultKind(what) || isMessageEvent(what);
}
