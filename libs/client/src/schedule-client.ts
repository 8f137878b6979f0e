import { InvalidRequestError, ScheduleAlreadyExistsError, type ListSchedulesResponse, type PayloadCodec, type ScheduleDescription as WireDescription } from '@backstitch/protocol';
import { headersFromJson, type DataConverter, type Headers } from '@backstitch/protocol/payloads';
import { CallScopes } from './call-context.js';
import { defaultConnection } from './connection.js';
import type { ControlCaller } from './control-caller.js';
import { ScheduleAlreadyRunning } from './errors.js';
import { knownErrors } from './known-errors.js';
import { Payloads } from './payloads.js';
import { toDefinition, toScheduleDescription, toScheduleSummary } from './schedule-conversion.js';
import type { Backfill, ScheduleDescription, ScheduleOptions, ScheduleOptionsAction, ScheduleOverlapPolicy, ScheduleSummary, ScheduleUpdateOptions } from './schedule-options.js';
import { searchAttributesOf } from './workflow-options.js';

export interface ScheduleClientOptions {
  connection?: ControlCaller;
  identity?: string;
  namespace?: string;
  payloadCodec?: PayloadCodec;
  dataConverter?: DataConverter;
  /** See, and may change, what schedules are made of. */
  interceptors?: ScheduleClientInterceptor[];
}

export interface ListScheduleOptions {
  /** Schedules asked for in one call. Default 100. */
  pageSize?: number;
}

/** One schedule. @throws ScheduleNotFoundError, from every method */
export interface ScheduleHandle {
  readonly scheduleId: string;
  readonly client: ScheduleClient;
  /** Changes the schedule to what `change` makes of its description; made again if somebody else changed it meanwhile. */
  update<A extends ScheduleOptionsAction = ScheduleOptionsAction>(change: (previous: ScheduleDescription) => ScheduleUpdateOptions<A>): Promise<void>;
  delete(): Promise<void>;
  /** Takes an action now. @param overlap default ALLOW_ALL */
  trigger(overlap?: ScheduleOverlapPolicy): Promise<void>;
  /** Takes the actions of past times. */
  backfill(options: Backfill | Backfill[]): Promise<void>;
  pause(note?: string): Promise<void>;
  unpause(note?: string): Promise<void>;
  describe(): Promise<ScheduleDescription>;
}

/** What a schedule is made of, as an interceptor sees it. */
export interface CreateScheduleInput {
  readonly headers: Headers;
  readonly options: ScheduleOptions;
}
export interface CreateScheduleOutput {
  readonly conflictToken: Uint8Array;
}
export interface ScheduleClientInterceptor {
  /** Headers go to the workflows that the schedule starts. */
  create?: (input: CreateScheduleInput, next: (input: CreateScheduleInput) => Promise<CreateScheduleOutput>) => Promise<CreateScheduleOutput>;
}

/** How often an update is made again since others changed the schedule meanwhile. */
const UPDATE_CONFLICTS_MAX = 10;

/** Makes workflows start by the clock. */
export class ScheduleClient extends CallScopes {
  readonly connection: ControlCaller;
  readonly options: ScheduleClientOptions;
  readonly #payloads: Payloads;

  constructor(options: ScheduleClientOptions = {}) {
    super();
    this.options = options;
    this.connection = options.connection ?? defaultConnection();
    this.#payloads = new Payloads(options);
  }

  /** @throws ScheduleAlreadyRunning if the id is taken; InvalidRequestError for what is no time */
  async create<A extends ScheduleOptionsAction = ScheduleOptionsAction>(options: ScheduleOptions<A>): Promise<ScheduleHandle> {
    type Create = (input: CreateScheduleInput) => Promise<CreateScheduleOutput>;
    const create = (this.options.interceptors ?? []).reduceRight<Create>(
      (next, interceptor) => (interceptor.create === undefined ? next : (input) => (interceptor.create as NonNullable<ScheduleClientInterceptor['create']>).call(interceptor, input, next)),
      (input) => this.#create(input),
    );
    await create({ options, headers: {} });
    return this.getHandle(options.scheduleId);
  }

  /** All schedules, in order of their ids. */
  async *list({ pageSize = 100 }: ListScheduleOptions = {}): AsyncIterable<ScheduleSummary> {
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const path: string = `/schedules?pageSize=${pageSize}${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page: ListSchedulesResponse = await this.#call<ListSchedulesResponse>('GET', path, undefined, true);
      for (const description of page.schedules) yield await toScheduleSummary(description, this.#payloads);
      cursor = page.nextCursor;
    }
  }

  /** A handle on a schedule, which need not exist. */
  getHandle(scheduleId: string): ScheduleHandle {
    const path = `/schedules/${encodeURIComponent(scheduleId)}`;
    const post = (verb: string, body: object, isRepeatable = false): Promise<void> => this.#call('POST', `${path}/${verb}`, body, isRepeatable);
    const read = (): Promise<WireDescription> => this.#call<WireDescription>('GET', path, undefined, true);
    return {
      scheduleId,
      client: this,
      describe: async () => toScheduleDescription(await read(), this.#payloads),
      delete: () => post('delete', {}),
      trigger: (overlap) => post('trigger', { overlap: overlap ?? 'ALLOW_ALL' }),
      backfill: (options) => post('backfill', { backfills: (Array.isArray(options) ? options : [options]).map(toWireBackfill) }),
      pause: (note) => post('pause', note === undefined ? {} : { note }, true),
      unpause: (note) => post('unpause', note === undefined ? {} : { note }, true),
      update: async (change) => {
        for (let conflicts = 0; ; conflicts += 1) {
          const previous = await read();
          const changed = change(await toScheduleDescription(previous, this.#payloads));
          const searchAttributes = searchAttributesOf(changed);
          try {
            await post('update', {
              schedule: await toDefinition(scheduleId, changed, this.#payloads, headersFromJson(previous.schedule.action.headers)),
              ...(searchAttributes !== undefined && { searchAttributes }),
              version: previous.version,
            });
            return;
          } catch (error) {
            const isChangedMeanwhile = error instanceof InvalidRequestError && error.where === '/version';
            if (!isChangedMeanwhile || conflicts >= UPDATE_CONFLICTS_MAX) throw error;
          }
        }
      },
    };
  }

  async #create({ options, headers }: CreateScheduleInput): Promise<CreateScheduleOutput> {
    const { scheduleId, state, memo } = options;
    const searchAttributes = searchAttributesOf(options);
    const encodedMemo = await this.#payloads.encodeFields(memo);
    const body = {
      scheduleId,
      schedule: await toDefinition(scheduleId, options, this.#payloads, headers),
      ...(encodedMemo !== undefined && { memo: encodedMemo }),
      ...(searchAttributes !== undefined && { searchAttributes }),
      ...(state?.triggerImmediately !== undefined && { triggerImmediately: state.triggerImmediately }),
      ...(state?.backfill !== undefined && { backfills: state.backfill.map(toWireBackfill) }),
      ...(this.options.identity !== undefined && { identity: this.options.identity }),
    };
    try {
      await this.#call('POST', '/schedules', body, false);
    } catch (error) {
      if (error instanceof ScheduleAlreadyExistsError) throw new ScheduleAlreadyRunning(`Schedule already exists and is running: ${scheduleId}`, scheduleId);
      throw error;
    }
    // Versions of schedules are numbers here; nobody has to hand one on.
    return { conflictToken: new Uint8Array() };
  }

  #call<Answer = void>(method: 'GET' | 'POST', path: string, body: object | undefined, isIdempotent: boolean): Promise<Answer> {
    return knownErrors(this.connection.call<Answer>({ method, path, ...(body !== undefined && { body }), isIdempotent }));
  }
}

function toWireBackfill({ start, end, overlap }: Backfill): object {
  return { startMs: start.getTime(), endMs: end.getTime(), ...(overlap !== undefined && { overlap }) };
}
