import { describe, expect, it } from '@jest/globals';
import { context, trace } from '@opentelemetry/api';
import { startSpan, traceparentOf, withSpan } from '../tracing/spans.js';
import { startTracing } from '../tracing/start-tracing.js';
import { createLogger } from './create-logger.js';
import { NestLogger } from './nest-logger.js';
import { redactText } from './redact-text.js';

function capture() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger({ service: 'inventory', level: 'trace', destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) } });
  return { logger, lines };
}

describe('createLogger', () => {
  it('given secrets in fields, in error messages and in text, when they are logged, then none is written', () => {
    const { logger, lines } = capture();
    logger.info({ token: 'hunter2', payment: { paymentToken: 'hunter2' }, request: { headers: { authorization: 'Bearer hunter2hunter2' } } }, 'fields');
    logger.error({ err: new Error('connect postgres://inventory:hunter2@db:5432/x failed') }, 'with redis://:hunter2@cache:6379/0');
    logger.warn('header was Bearer hunter2hunter2 and key sk_test_hunter2hunter2');
    expect(lines).toHaveLength(3);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(JSON.stringify(lines[1])).toContain('postgres://inventory:[redacted]@db:5432/x');
  });

  it('given secrets in a child logger\'s fields, in an error\'s fields and in objects that are frozen, when they are logged, then none is written', () => {
    const { logger, lines } = capture();
    logger.child({ password: 'hunter2', client: { apiKey: 'hunter2' } }).info('child');
    logger.error({ err: Object.assign(new Error('refused'), { password: 'hunter2', config: { token: 'hunter2' } }) }, 'error');
    const fields = Object.freeze({ kept: 1, nested: Object.freeze({ secret: 'hunter2', kept: 2 }) });
    logger.info(fields, 'frozen');
    expect(JSON.stringify(lines)).not.toContain('hunter2');
    expect(lines).toMatchObject([{ password: '[redacted]', client: { apiKey: '[redacted]' } }, { err: { type: 'Error', message: 'refused', config: { token: '[redacted]' } } }, { kept: 1, nested: { kept: 2 } }]);
    expect(fields.nested.secret).toBe('hunter2');
  });

  it('given an API key in free text, when it is logged, then its secret is redacted and its id stays', () => {
    const { logger, lines } = capture();
    logger.warn('refused bsk_0123456789abcdef_0123456789-abcdefghijklmnopqrstuvwxyz_ABCDE');
    expect(lines[0]?.['msg']).toBe('refused bsk_0123456789abcdef_[redacted]');
  });

  it('given a megabyte that looks like the beginning of a URL, when it is redacted, then that takes no minutes', () => {
    const startedAt = performance.now();
    redactText('a.'.repeat(500_000));
    redactText('a://'.repeat(250_000));
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('given an ordinary line, when it is logged, then it is untouched, with service, level and ISO time', () => {
    const { logger, lines } = capture();
    logger.info({ url: 'http://127.0.0.1:3002', at: 'user@example.org' }, 'ready: see http://127.0.0.1:3002/docs');
    expect(lines[0]).toMatchObject({ level: 'info', service: 'inventory', url: 'http://127.0.0.1:3002', at: 'user@example.org', msg: 'ready: see http://127.0.0.1:3002/docs' });
    expect(lines[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('given Nest\'s ways to log, when they arrive, then context and stack become fields and its start-up is quiet', () => {
    const { logger, lines } = capture();
    const nest = new NestLogger(logger);
    nest.log('started', 'ImportService');
    nest.log('dependencies initialized', 'InstanceLoader');
    nest.error('broke', 'Error: broke\n    at here', 'Router');
    nest.error(new Error('thrown'), 'Router');
    expect(lines[0]).toMatchObject({ level: 'info', msg: 'started', context: 'ImportService' });
    expect(lines[1]).toMatchObject({ level: 'debug', context: 'InstanceLoader' });
    expect(lines[2]).toMatchObject({ level: 'error', msg: 'broke', context: 'Router', stack: 'Error: broke\n    at here' });
    expect(lines[3]).toMatchObject({ msg: 'thrown', err: { message: 'thrown' } });
  });
});

describe('spans', () => {
  it('given a caller\'s traceparent, when a span runs under it, then logs and the next traceparent bear the same trace', async () => {
    const tracing = startTracing({ service: 'inventory' });
    const { logger, lines } = capture();
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    const next = await withSpan('step', { traceparent: `00-${traceId}-b7ad6b7169203331-01` }, async () => {
      await Promise.resolve();
      logger.info('inside');
      return traceparentOf();
    });
    expect(lines[0]).toMatchObject({ traceId });
    expect(next).toMatch(new RegExp(`^00-${traceId}-(?!b7ad6b7169203331)[0-9a-f]{16}-01$`));
    await tracing.stop();
    trace.disable();
    context.disable();
  });

  it('given a malformed traceparent, when a span starts, then it has a trace of its own', async () => {
    const tracing = startTracing({ service: 'inventory' });
    const span = startSpan('step', { traceparent: 'garbage' });
    expect(traceparentOf(span)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    span.end();
    await tracing.stop();
    trace.disable();
    context.disable();
  });
});
