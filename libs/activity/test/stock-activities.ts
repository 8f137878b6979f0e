import { Injectable, type ArgumentMetadata, type CallHandler, type ExecutionContext, type NestInterceptor, type PipeTransform, UseInterceptors } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import type { JsonValue, UndoInput } from '@backstitch/protocol';
import type { EntityManager } from 'typeorm';
import type { Observable } from 'rxjs';
import { Activities, Activity, activityInfo, ApplicationFailure, CancelledFailure, cancellationSignal, Context, heartbeat, sleep, sqlStatement } from '../src/index.js';
import type { Deferred } from './deferred.js';

export interface Reserve {
  orderId: string;
}

/** What the specs look at and turn: injected, as a service's own classes are. */
@Injectable()
export class Bench {
  calls: { activity: string; key: string; attempt: number }[] = [];
  infos: ReturnType<typeof activityInfo>[] = [];
  /** The handler reports here that it is inside, and waits for `gate`. */
  entered: Deferred | undefined;
  gate: Deferred | undefined;
  script: ((manager: EntityManager | undefined) => Promise<unknown>) | undefined;
  /** What the activity `stated` returns. */
  statement: ((input: JsonValue, key: string) => unknown) | undefined;
  lateErrors: unknown[] = [];
  intercepted = 0;

  reset(): void {
    Object.assign(this, { calls: [], infos: [], entered: undefined, gate: undefined, script: undefined, statement: undefined, lateErrors: [], intercepted: 0 });
  }

  async enter(): Promise<void> {
    const info = activityInfo();
    this.calls.push({ activity: info.activityType, key: info.key, attempt: info.attempt });
    this.infos.push(info);
    this.entered?.resolve();
    await this.gate?.promise;
  }
}

@Injectable()
export class CountingInterceptor implements NestInterceptor {
  constructor(private readonly bench: Bench) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.bench.intercepted += 1;
    return next.handle();
  }
}

class OrderIdPipe implements PipeTransform {
  transform(value: Reserve, _metadata: ArgumentMetadata): Reserve {
    return { ...value, orderId: value.orderId.toUpperCase() };
  }
}

function effect(manager: EntityManager, note: string): Promise<unknown> {
  return manager.query('INSERT INTO effects (key, note) VALUES ($1, $2)', [activityInfo().key, note]);
}

@Activities({ taskQueue: 'inventory' })
@UseInterceptors(CountingInterceptor)
export class StockActivities {
  constructor(private readonly bench: Bench) {}

  @Activity()
  async reserve(input: Reserve): Promise<{ reservationId: string }> {
    const { manager } = Context.current();
    await effect(manager, 'reserved');
    await this.bench.enter();
    return { reservationId: `reservation-${input.orderId}` };
  }

  @Activity()
  async touch(_input: Reserve): Promise<void> {
    await effect(Context.current().manager, 'touched');
  }

  @Activity()
  async scripted(_input: JsonValue): Promise<unknown> {
    await this.bench.enter();
    return this.bench.script?.(Context.current().manager);
  }

  @Activity({ name: 'piped' })
  async withPipe(@Payload(new OrderIdPipe()) input: Reserve, second: string): Promise<string> {
    return `${input.orderId}/${second}`;
  }

  @Activity()
  async refuse(_input: Reserve): Promise<never> {
    await effect(Context.current().manager, 'should be rolled back');
    await this.bench.enter();
    throw ApplicationFailure.nonRetryable('Out of stock.', 'OutOfStock', { sku: '85123A' });
  }

  @Activity()
  async waitForCancel(_input: Reserve): Promise<never> {
    await effect(Context.current().manager, 'should be rolled back');
    await this.bench.enter();
    heartbeat({ progress: 1 });
    await sleep(60_000);
    throw new Error('sleep was not interrupted');
  }

  @Activity()
  async throwCancelled(_input: Reserve): Promise<never> {
    throw new CancelledFailure('by the handler', ['why']);
  }

  /** Ignores its signal and writes after its time limit. */
  @Activity()
  async tooLate(_input: Reserve): Promise<string> {
    const { manager } = Context.current();
    await effect(manager, 'before the limit');
    const signal = cancellationSignal();
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    await this.bench.gate?.promise;
    try {
      await effect(manager, 'after the limit');
    } catch (error) {
      this.bench.lateErrors.push(error);
    }
    this.bench.entered?.resolve();
    return 'late';
  }

  @Activity({ mode: 'external' })
  async charge(input: Reserve): Promise<{ chargeId: string }> {
    const context = Context.current();
    await context.transaction((manager) => effect(manager, 'intent'), { checkpoint: { intent: input.orderId } });
    await this.bench.enter();
    return context.completeWith(async (manager) => {
      await effect(manager, 'charged');
      return { chargeId: `charge-${input.orderId}` };
    });
  }

  @Activity({ mode: 'statement' })
  stated(input: JsonValue): unknown {
    const { key, activityType, attempt } = activityInfo();
    this.bench.calls.push({ activity: activityType, key, attempt });
    return this.bench.statement === undefined
      ? sqlStatement({ text: 'INSERT INTO effects (key, note) VALUES ($1, $2)', values: [key, 'stated'], result: { note: 'stated' } })
      : this.bench.statement(input, key);
  }

  @Activity({ mode: 'external' })
  async externalScripted(_input: JsonValue): Promise<unknown> {
    await this.bench.enter();
    return this.bench.script?.(undefined);
  }
}

@Activities({ taskQueue: 'inventory.compensation' })
export class StockUndos {
  constructor(private readonly bench: Bench) {}

  @Activity()
  async release(_undo: UndoInput<Reserve, { reservationId: string }>): Promise<{ step: string; result: JsonValue }> {
    await this.bench.enter();
    const { undo } = activityInfo();
    await effect(Context.current().manager, 'released');
    return { step: undo?.step ?? 'none', result: undo?.stepResult ?? null };
  }

  @Activity()
  async scriptedUndo(_undo: UndoInput): Promise<unknown> {
    await this.bench.enter();
    return this.bench.script?.(Context.current().manager);
  }

  @Activity({ mode: 'statement' })
  statedUndo(_undo: UndoInput): unknown {
    const { key, undo } = activityInfo();
    return undo?.step === 'absent'
      ? { undone: false }
      : sqlStatement({ text: 'INSERT INTO effects (key, note) VALUES ($1, $2)', values: [key, 'undone'], result: { undone: true } });
  }

  @Activity({ mode: 'external' })
  async externalUndo(_undo: UndoInput): Promise<unknown> {
    await this.bench.enter();
    return this.bench.script?.(undefined);
  }

  @Activity({ mode: 'external' })
  async refund(_undo: UndoInput<Reserve, { chargeId: string }>): Promise<{ step: string }> {
    await this.bench.enter();
    return { step: activityInfo().undo?.step ?? 'none' };
  }
}
