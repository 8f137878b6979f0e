import underPressure from '@fastify/under-pressure';
import type { FastifyInstance } from 'fastify';
import { getHeapStatistics } from 'node:v8';
import { Counter, type Registry } from 'prom-client';
import { requestTraceId } from '../http/trace-context.js';
import { ProblemError } from '../problems/problem-error.js';
import type { StartGate } from './start-gate.js';

/** Requests that start work, by path. Returns are recorded here and started when there is room; an import waits by itself. */
const STARTING_PATHS = new Set(['/orders', '/stock-intakes']);
const EVENT_LOOP_DELAY_MAX_MS = 1_000;
const SAMPLE_INTERVAL_MS = 1_000;
const HEAP_SHARE_MAX = 0.8;

/**
 * Refuses requests that would start work while there is no room for them, or while this process itself is short of time or memory: before their key is looked
 * at and before their body is read, so that a refusal costs next to nothing. Whatever else is asked goes on.
 */
export async function shedStarts(instance: FastifyInstance, gate: StartGate, registry: Registry, eventLoopDelayMaxMs = EVENT_LOOP_DELAY_MAX_MS): Promise<void> {
  const refusals = new Counter({
    name: 'gateway_starts_refused_total',
    help: 'Requests that would have started work and were refused for overload before they were read.',
    labelNames: ['reason'],
    registers: [registry],
  });
  await instance.register(underPressure, {
    maxEventLoopDelay: eventLoopDelayMaxMs,
    maxHeapUsedBytes: Math.floor(getHeapStatistics().heap_size_limit * HEAP_SHARE_MAX),
    sampleInterval: SAMPLE_INTERVAL_MS,
    // It measures; what is refused is decided below.
    pressureHandler: () => undefined,
  });
  instance.addHook('onRequest', (request, reply, done) => {
    if (request.method !== 'POST') return done();
    const path = request.url.split('?', 1)[0] as string;
    if (!STARTING_PATHS.has(path)) return done();
    const reason = gate.isClosed ? 'orchestrator' : instance.isUnderPressure() ? 'process' : undefined;
    if (reason === undefined) return done();
    refusals.inc({ reason });
    const problem = new ProblemError('overloaded');
    void reply
      .status(problem.status)
      .header('retry-after', String(gate.refused()))
      .header('content-type', 'application/problem+json; charset=utf-8')
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problem.toProblemDetails(path, requestTraceId(request))));
  });
}
