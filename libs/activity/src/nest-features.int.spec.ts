import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { queueBackendsUnderTest } from '@backstitch/servers';
import { BullMqContext } from '@backstitch/queues';
import {
  Catch,
  Inject,
  Injectable,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  type CallHandler,
  type CanActivate,
  type ExceptionFilter,
  type ExecutionContext,
  type NestInterceptor,
  type PipeTransform,
} from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { map, throwError, type Observable } from 'rxjs';
import { ActivityHarness } from '../test/activity-harness.js';
import { Activities, Activity, activityInfo, ApplicationFailure, Context } from './index.js';

/** Shared by everything: what happened, in order. */
@Injectable()
class Journal {
  lines: string[] = [];
}

@Injectable({ scope: Scope.REQUEST })
class PerAttempt {
  private static made = 0;
  readonly number = (PerAttempt.made += 1);
}

@Injectable()
class OnlyAnn implements CanActivate {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  canActivate(context: ExecutionContext): boolean {
    const [name] = context.switchToRpc().getData<unknown[]>();
    this.journal.lines.push(`guard: ${String(name)} in ${activityInfo().activityType}`);
    if (name !== 'Ann') throw ApplicationFailure.nonRetryable(`${String(name)} may not.`, 'Forbidden');
    return true;
  }
}

@Injectable()
class Shouting implements NestInterceptor {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  intercept(_context: ExecutionContext, next: CallHandler<string>): Observable<string> {
    this.journal.lines.push('interceptor');
    return next.handle().pipe(map((result) => `${result}!`));
  }
}

class Trimming implements PipeTransform {
  transform(value: unknown): unknown {
    return typeof value === 'string' ? value.trim() : value;
  }
}

class NotTwice implements PipeTransform<number, number> {
  transform(value: number): number {
    if (value === 2) throw ApplicationFailure.nonRetryable('Not twice.', 'NotTwice');
    return value;
  }
}

@Catch(RangeError)
class OutOfRange implements ExceptionFilter<RangeError> {
  catch(error: RangeError): Observable<never> {
    return throwError(() => ApplicationFailure.nonRetryable(`out of range: ${error.message}`, 'OutOfRange'));
  }
}

@Activities({ taskQueue: 'inventory' })
@UseGuards(OnlyAnn)
@UseInterceptors(Shouting)
@UseFilters(OutOfRange)
class GuardedActivities {
  constructor(
    @Inject(Journal) private readonly journal: Journal,
    @Inject(PerAttempt) private readonly perAttempt: PerAttempt,
  ) {}

  @Activity()
  @UsePipes(Trimming)
  async greet(name: string, @Payload(new NotTwice()) times: number, @Ctx() context: BullMqContext): Promise<string> {
    this.journal.lines.push(`handler ${this.perAttempt.number}: ${context.getJobName()}`);
    const [row] = (await Context.current().manager.query('SELECT $1::text AS name', [name])) as { name: string }[];
    return Array.from({ length: times }, () => row?.name).join(' ');
  }

  @Activity()
  async outOfRange(_name: string): Promise<never> {
    throw new RangeError('seven');
  }
}

describe.each(queueBackendsUnderTest())('what Nest offers to handlers, with queues on %s', (backend) => {
  let harness: ActivityHarness;
  let journal: Journal;
  beforeAll(async () => {
    harness = await ActivityHarness.start(backend, {}, undefined, { controllers: [GuardedActivities], providers: [Journal, PerAttempt, OnlyAnn, Shouting] });
    journal = harness.app.get(Journal);
  });
  beforeEach(() => void (journal.lines = []));
  afterAll(() => harness.stop());

  it('given a class with guard, interceptor and pipes, when an attempt is made, then all of them apply in Nest’s order, inside of the activity’s context', async () => {
    expect((await harness.run(harness.job({ activityType: 'greet', input: ['Ann', 3] }))).outcome).toEqual({ status: 'completed', result: 'Ann Ann Ann!' });
    expect(journal.lines).toEqual(['guard: Ann in greet', 'interceptor', expect.stringMatching(/^handler \d+: greet$/)]);
  });

  it('given a request-scoped provider, when two attempts are made, then each has its own', async () => {
    await harness.run(harness.job({ activityType: 'greet', input: ['Ann', 1] }));
    await harness.run(harness.job({ activityType: 'greet', input: ['Ann', 1] }));
    expect(new Set(journal.lines.filter((line) => line.startsWith('handler'))).size).toBe(2);
  });

  it('given a guard or a pipe that refuses, when an attempt is made, then its failure reaches the workflow, and nothing was done', async () => {
    expect((await harness.run(harness.job({ activityType: 'greet', input: ['Bob', 1] }))).outcome).toMatchObject({ status: 'failed', failure: { message: 'Bob may not.', applicationFailureInfo: { type: 'Forbidden', nonRetryable: true } } });
    const job = harness.job({ activityType: 'greet', input: ['Ann', 2] });
    expect((await harness.run(job)).outcome).toMatchObject({ status: 'failed', failure: { applicationFailureInfo: { type: 'NotTwice' } } });
    expect(await harness.inboxRow(job.key)).toBeUndefined();
  });

  it('given an exception filter, when the handler throws what it catches, then the workflow gets what the filter made of it', async () => {
    expect((await harness.run(harness.job({ activityType: 'outOfRange', input: ['Ann'] }))).outcome).toMatchObject({ status: 'failed', failure: { message: 'out of range: seven', applicationFailureInfo: { type: 'OutOfRange' } } });
  });
});
