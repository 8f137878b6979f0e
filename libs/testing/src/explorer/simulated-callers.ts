import type { EngineSurface } from '@backstitch/engine';
import { WorkflowAlreadyClosedError, type JsonValue, type StartWorkflowRequest, type StartWorkflowResult } from '@backstitch/protocol';
import { END_POINT } from './decider.js';
import type { Course } from './course.js';
import type { FaultKind, MessageEvent } from './schedule.js';

/** Until a caller that got no answer asks again. */
const CALLER_PATIENCE_MS = 2_000;
const SENT_AGAIN_MS = 500;

const SENDING_FAULTS: readonly FaultKind[] = ['sent-twice'];

/** A message that the run gets at some moment: with the time from its start before which it is not sent. */
export type SentMessage = ({ signal: string; args: JsonValue[] } | { cancel: true; reason?: string }) & { atMs?: number };

type Ask = (request: (engine: EngineSurface) => Promise<unknown>, options: { lostAfterMs: number; failed?: (error: unknown) => void }) => void;

/** Who starts the workflow, and sends it what the author says: each of them asks again until it is answered. */
export class SimulatedCallers {
  readonly #unsent = new Map<MessageEvent, SentMessage>();
  #isStarted = false;
  /** What could not be asked at all. */
  refusal: unknown;

  constructor(
    private readonly course: Course,
    private readonly ask: Ask,
    private readonly start: StartWorkflowRequest,
    messages: readonly SentMessage[],
  ) {
    messages.forEach((message, index) => this.#unsent.set(`send-${index}`, message));
  }

  /** The workflow is started; when that is answered, messages begin to come. */
  begin(): void {
    const { course } = this;
    course.tell(`The workflow "${this.start.workflowType}" is started.`);
    const start = (): void =>
      this.ask(
        async (engine) => {
          const [result] = await engine.start([this.start]);
          const { status } = result as StartWorkflowResult;
          if (status !== 'started' && status !== 'existing') {
            this.refusal = (result as { error?: unknown }).error ?? new Error(`The workflow could not be started: ${JSON.stringify(result)}.`);
          } else {
            this.#started();
          }
        },
        { lostAfterMs: CALLER_PATIENCE_MS, failed: (error) => (this.refusal = error) },
      );
    start();
    if (course.pass('start', SENDING_FAULTS, () => 'The start of the workflow') === 'sent-twice') {
      course.later(SENT_AGAIN_MS, start);
    }
  }

  /** Nothing else is left to do: sends what waits for a point that did not come. Answers whether there was anything. */
  sendLeft(): boolean {
    const left = [...this.#unsent];
    const [first] = left;
    if (first === undefined) {
      return false;
    }
    const [event, message] = first;
    const { atMs = 0 } = message;
    if (this.course.decider.defers(event)) {
      this.course.messageSent(END_POINT, event);
    }
    this.course.at(this.course.beganAtMs + atMs, () => this.#send(event));
    return true;
  }

  /** From now on there is a run that messages can reach. */
  #started(): void {
    const { course } = this;
    if (!this.#isStarted) {
      this.#isStarted = true;
      for (const [event, message] of this.#unsent) {
        if (!course.decider.defers(event) && !isForTheEnd(message)) {
          course.at(course.beganAtMs + (message.atMs ?? 0), () => this.#send(event));
        }
      }
      course.onPoint = (at) => this.#sendAt(at);
    }
  }

  #sendAt(at: string): void {
    const { course } = this;
    for (const [event, { atMs = 0 }] of this.#unsent) {
      if (course.clock.now() >= course.beganAtMs + atMs && course.decider.defers(event) && course.decider.sends(at, event)) {
        course.messageSent(at, event);
        this.#send(event);
      }
    }
  }

  #send(event: MessageEvent): void {
    const { course, start } = this;
    const message = this.#unsent.get(event);
    if (message === undefined) {
      return;
    }
    this.#unsent.delete(event);
    const name = 'signal' in message ? `the signal "${message.signal}"` : 'a request to cancel';
    course.tell(`The workflow is sent ${name}.`, true);
    const request = (engine: EngineSurface): Promise<void> =>
      'signal' in message
        ? engine.signal(start.workflowId, message.signal, message.args, 'explorer', { requestId: event })
        : engine.cancel(start.workflowId, message.reason, 'explorer');
    const send = (): void => this.ask(request, { lostAfterMs: CALLER_PATIENCE_MS, failed: (error) => this.#failed(error) });
    send();
    if (course.pass(event, SENDING_FAULTS, () => `The workflow is sent ${name}`) === 'sent-twice') {
      course.later(SENT_AGAIN_MS, send);
    }
  }

  /** A message that comes when all is over is not a failure. */
  #failed(error: unknown): void {
    if (!(error instanceof WorkflowAlreadyClosedError)) {
      this.refusal = error;
    }
  }
}

/** A request to cancel that has no time of its own leaves the smooth course as it is: schedules send it earlier. */
function isForTheEnd(message: SentMessage): boolean {
  return 'cancel' in message && message.atMs === undefined;
}
