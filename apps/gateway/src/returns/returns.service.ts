import { returnWorkflowId, type Order, type PlaceReturn, type ReturnOrder } from '@backstitch/contracts';
import { WorkflowNotFoundError, type WorkflowDescription } from '@backstitch/protocol';
import { advisoryLockId, LOGGER } from '@backstitch/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import type { EntityManager } from 'typeorm';
import { Database, type SqlConnection } from '../database.js';
import { fingerprint } from '../identity/fingerprint.js';
import { Orchestrator } from '../orchestrator/orchestrator.js';
import { idOfRequest } from '../orders/order-identity.js';
import { listedStatus } from '../orders/order-view.js';
import { OrdersService } from '../orders/orders.service.js';
import { runEnd } from '../orders/run-status.js';
import { expectStarted } from '../orders/started.js';
import { failureView, incidentView, isoTime, stepViews, type IncidentView, type StepView, type UndoView } from '../orders/step-view.js';
import { ProblemError } from '../problems/problem-error.js';
import { toProblem } from '../problems/to-problem.js';
import type { Caller } from '../security/roles.js';
import { lockReturnableLines, markReturnsRunning, recordReturn, returnOrderOf, settleReturns, type RecordedReturn, type ReturnableLine, type SoldLine } from './return-book.js';
import { returnStart } from './return-start.js';

export interface PlacedReturn {
  returnId: string;
  status: 'accepted';
  amountMinor: number;
  links: { self: string };
}

export interface ReturnView {
  returnId: string;
  status: string;
  customerId: string | null;
  amountMinor: number;
  parts: ReturnOrder['parts'];
  placedAt: string;
  closedAt: string | null;
  reason: string | null;
  failedStep: string | null;
  steps: StepView[];
  undos: UndoView[];
  incidents: IncidentView[];
}

const OPEN_RETURNS_CHECKED_MAX = 50;

/** Takes returns of completed orders, and shows them. What may still be returned is decided here, in one transaction with the return. */
@Injectable()
export class ReturnsService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(OrdersService) private readonly orders: OrdersService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when the return is committed here; if the orchestrator is away just then, its workflow is started as soon as it is back. */
  async place(caller: Caller, orderId: string, body: PlaceReturn, idempotencyKey: string | undefined, traceparent: string | undefined): Promise<PlacedReturn> {
    const description = await this.orders.describe(caller, orderId);
    if (runEnd(description.status, description.result)?.status !== 'completed') {
      throw new ProblemError('order-not-completed', `Order ${orderId} is not completed.`);
    }
    const order = description.input[0] as unknown as Order;
    const returnId = idOfRequest('return', caller.keyId, idempotencyKey);
    const requestFingerprint = fingerprint({ orderId, body });
    await this.settleOpenReturnsOf(orderId);
    const recorded = await this.database.transaction(async (manager) => {
      // The same request at the same time waits here, and then finds what the first one decided.
      await manager.query('SELECT pg_advisory_xact_lock($1)', [advisoryLockId(`gateway return ${returnId}`)]);
      const known = await findReturn(manager, returnId);
      if (known === undefined) {
        const returnOrder = await decideReturn(manager, order, returnId, body);
        await recordReturn(manager, returnOrder, { fingerprint: requestFingerprint, placedBy: caller.keyId, importId: null, traceparent: traceparent ?? null });
        return returnOrder;
      }
      if (known.fingerprint !== requestFingerprint) throw new ProblemError('idempotency-key-reused', 'The Idempotency-Key was used before with another body or order.');
      return known.return_order;
    });
    await this.start(recorded, caller, traceparent);
    return { returnId, status: 'accepted', amountMinor: recorded.amountMinor, links: { self: `/returns/${returnId}` } };
  }

  async get(caller: Caller, returnId: string): Promise<ReturnView> {
    const recorded = await findReturn(this.database, returnId);
    if (recorded === undefined || (caller.role === 'orders' && recorded.placed_by !== caller.keyId)) {
      throw new ProblemError('return-not-found', `There is no return ${returnId}.`);
    }
    return returnView(recorded, await this.describe(returnId));
  }

  private async start(returnOrder: ReturnOrder, caller: Caller, traceparent: string | undefined): Promise<void> {
    const { returnId } = returnOrder;
    try {
      const [result] = await this.orchestrator.start([returnStart(returnOrder, { placedBy: caller.keyId, traceparent: traceparent ?? null })]);
      expectStarted(result);
    } catch (error) {
      const { status } = toProblem(error);
      if (status >= 500 || status === 429) {
        // It may even have been started: only a clear refusal frees what the return has taken.
        this.logger.warn({ err: error, returnId }, 'return accepted; its workflow starts when the orchestrator is back');
        return;
      }
      await this.database.transaction((manager) => settleReturns(manager, [{ returnId, status: 'cancelled' }]));
      throw error;
    }
    await markReturnsRunning(this.database, [returnId]);
    this.logger.info({ returnId, workflowId: returnWorkflowId(returnId) }, 'return accepted');
  }

  /** Learns how earlier returns of the order ended, so that what was undone counts as returnable. */
  private async settleOpenReturnsOf(orderId: string): Promise<void> {
    const open = await this.database.query<{ return_id: string }>(
      `SELECT return_id FROM gateway.order_return
       WHERE status = 'running' AND return_id IN (SELECT return_id FROM gateway.return_line WHERE order_id = $1) LIMIT ${OPEN_RETURNS_CHECKED_MAX}`,
      [orderId],
    );
    const ends = await Promise.all(
      open.map(async ({ return_id: returnId }) => {
        const description = await this.describe(returnId);
        const end = description === undefined ? undefined : runEnd(description.status, description.result);
        return end === undefined ? [] : [{ returnId, status: end.status }];
      }),
    );
    if (ends.flat().length > 0) await this.database.transaction((manager) => settleReturns(manager, ends.flat()));
  }

  private async describe(returnId: string): Promise<WorkflowDescription | undefined> {
    try {
      return await this.orchestrator.describe(returnWorkflowId(returnId));
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return undefined;
      throw error;
    }
  }
}

async function findReturn(connection: SqlConnection, returnId: string): Promise<RecordedReturn | undefined> {
  const rows = (await connection.query('SELECT * FROM gateway.order_return WHERE return_id = $1', [returnId])) as RecordedReturn[];
  return rows[0];
}

async function decideReturn(manager: EntityManager, order: Order, returnId: string, body: PlaceReturn): Promise<ReturnOrder> {
  const sold = new Map<string, SoldLine>();
  for (const { sku, unitPriceMinor, quantity } of order.lines) {
    const key = `${unitPriceMinor} ${sku}`;
    const line = sold.get(key) ?? { orderId: order.orderId, currency: order.currency, sku, unitPriceMinor, sold: 0 };
    sold.set(key, { ...line, sold: line.sold + quantity });
  }
  const lines = await lockReturnableLines(manager, [...sold.values()]);
  const taken = body.lines === undefined ? takeEverything(lines, order.orderId) : takeRequested(lines, body.lines);
  return returnOrderOf(returnId, order.customerId, taken, body.reason);
}

function takeEverything(lines: ReturnableLine[], orderId: string): { line: SoldLine; quantity: number }[] {
  const taken = lines.filter((line) => line.remaining > 0).map((line) => ({ line, quantity: line.remaining }));
  if (taken.length === 0) throw new ProblemError('nothing-to-return', `Nothing is left to return of order ${orderId}.`);
  return taken;
}

function takeRequested(lines: ReturnableLine[], requested: NonNullable<PlaceReturn['lines']>): { line: SoldLine; quantity: number }[] {
  const taken: { line: SoldLine; quantity: number }[] = [];
  const excess: { pointer: string; sku: string; requested: number; returnable: number }[] = [];
  requested.forEach(({ sku, quantity, unitPriceMinor }, index) => {
    let open = quantity;
    for (const line of lines) {
      if (line.sku !== sku || (unitPriceMinor !== undefined && line.unitPriceMinor !== unitPriceMinor)) continue;
      const take = Math.min(open, line.remaining);
      if (take === 0) continue;
      line.remaining -= take;
      open -= take;
      taken.push({ line, quantity: take });
    }
    if (open > 0) excess.push({ pointer: `/lines/${index}`, sku, requested: quantity, returnable: quantity - open });
  });
  if (excess.length > 0) throw new ProblemError('return-exceeds-order', undefined, { excess });
  return taken;
}

function returnView(recorded: RecordedReturn, description: WorkflowDescription | undefined): ReturnView {
  const { returnId, customerId, amountMinor, parts } = recorded.return_order;
  const head = { returnId, customerId, amountMinor, parts, placedAt: recorded.decided_at.toISOString() };
  if (description === undefined) {
    const status = recorded.status === 'decided' ? 'accepted' : recorded.status;
    return { ...head, status, closedAt: recorded.closed_at?.toISOString() ?? null, reason: null, failedStep: null, steps: [], undos: [], incidents: [] };
  }
  const end = runEnd(description.status, description.result);
  return {
    ...head,
    status: end?.status ?? listedStatus(description, 'ReturnStatus', 'restocking'),
    closedAt: description.closedAtMs === undefined ? null : isoTime(description.closedAtMs),
    reason: end?.reason ?? (description.failure === undefined ? null : failureView(description.failure).message),
    failedStep: end?.failedStep ?? null,
    ...stepViews(description.activities),
    incidents: description.incidents.map(incidentView),
  };
}
