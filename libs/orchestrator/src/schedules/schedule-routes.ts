import type { ScheduleService } from '@backstitch/engine/schedules';
import { InvalidRequestError, type ListSchedulesResponse } from '@backstitch/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from '../control-api/cursor.js';
import { parseRequest } from '../control-api/request-schemas.js';
import type { PeerAnswer } from '../routing/peer.js';
import { backfillScheduleRequest, createScheduleRequest, pauseScheduleRequest, schedulesQuery, triggerScheduleRequest, updateScheduleRequest } from './schedule-schemas.js';

export interface ScheduleRoutesOptions {
  schedules: ScheduleService;
  bodyBytesMax: number;
  /** The answer of the replica that holds the schedule; undefined: it is to be answered here. */
  relay: (request: FastifyRequest, scheduleId: string, options: { isRepeatable: boolean }) => Promise<PeerAnswer | undefined>;
  send: (reply: FastifyReply, answer: PeerAnswer) => Promise<unknown>;
}

const position = z.object({ scheduleId: z.string() });

/** Made twice these do no harm. */
const REPEATABLE: ReadonlySet<string> = new Set(['update', 'pause', 'unpause']);

/** The routes of schedules, to be registered below `/v1`. A schedule belongs to the partition of its id, as a workflow does. */
export function scheduleRoutes(fastify: FastifyInstance, { schedules, bodyBytesMax, relay, send }: ScheduleRoutesOptions): void {
  fastify.route({
    method: 'POST',
    url: '/schedules',
    bodyLimit: bodyBytesMax,
    handler: async (request, reply) => {
      const create = parseRequest(createScheduleRequest, request.body);
      const relayed = await relay(request, create.scheduleId, { isRepeatable: false });
      if (relayed !== undefined) return send(reply, relayed);
      await schedules.create(create);
      return reply.code(204).send();
    },
  });
  fastify.get('/schedules', async ({ query }) => {
    const { cursor, pageSize } = parseRequest(schedulesQuery, query);
    const { schedules: page, nextAfterId } = await schedules.list(decodeCursor(position, cursor)?.scheduleId, pageSize);
    return { schedules: page, ...(nextAfterId !== undefined && { nextCursor: encodeCursor({ scheduleId: nextAfterId }) }) } satisfies ListSchedulesResponse;
  });
  fastify.get('/schedules/*', async (request) => {
    const [scheduleId, ...rest] = segmentsOf(request);
    if (scheduleId === undefined || rest.length > 0) throw new InvalidRequestError('', 'there is no such route');
    return schedules.describe(scheduleId);
  });
  fastify.route({
    method: 'POST',
    url: '/schedules/*',
    bodyLimit: bodyBytesMax,
    handler: async (request, reply) => {
      const [scheduleId, verb, ...rest] = segmentsOf(request);
      if (scheduleId === undefined || verb === undefined || rest.length > 0) throw new InvalidRequestError('', 'there is no such route');
      const relayed = await relay(request, scheduleId, { isRepeatable: REPEATABLE.has(verb) });
      if (relayed !== undefined) return send(reply, relayed);
      await act(schedules, scheduleId, verb, request.body ?? {});
      return reply.code(204).send();
    },
  });
}

async function act(schedules: ScheduleService, scheduleId: string, verb: string, body: unknown): Promise<void> {
  switch (verb) {
    case 'update':
      return schedules.update(scheduleId, parseRequest(updateScheduleRequest, body));
    case 'delete':
      return schedules.delete(scheduleId);
    case 'trigger':
      return schedules.trigger(scheduleId, parseRequest(triggerScheduleRequest, body));
    case 'backfill':
      return schedules.backfill(scheduleId, parseRequest(backfillScheduleRequest, body));
    case 'pause':
      return schedules.setPaused(scheduleId, true, parseRequest(pauseScheduleRequest, body).note);
    case 'unpause':
      return schedules.setPaused(scheduleId, false, parseRequest(pauseScheduleRequest, body).note);
    default:
      throw new InvalidRequestError('', 'there is no such route');
  }
}

/** What stands behind `/schedules/` in the URL as it was sent: a slash within an id is percent-encoded. */
function segmentsOf(request: FastifyRequest): string[] {
  const segments = ((request.raw.url ?? '').split('?', 1)[0] ?? '').split('/');
  try {
    const [scheduleId = '', ...rest] = segments.slice(segments.indexOf('schedules') + 1).map(decodeURIComponent);
    if (scheduleId !== '' && !scheduleId.includes('\0')) return [scheduleId, ...rest];
  } catch {
    // Answered below.
  }
  throw new InvalidRequestError('', 'the path names no schedule id');
}
