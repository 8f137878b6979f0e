import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { SERVICES } from '@backstitch/contracts';
import { serviceQueues } from '@backstitch/protocol';
import type { JobQueues } from '@backstitch/queues';
import type { FastifyInstance } from 'fastify';
import { isRefusedAction } from './refused-actions.js';

export const BULL_BOARD_PATH = '/queues';

/** Every queue of the platform. */
export const QUEUE_NAMES: readonly string[] = SERVICES.flatMap((service) => Object.values(serviceQueues(service)));

const DESCRIPTIONS = {
  tasks: 'steps of workflows; one job is one attempt',
  compensation: 'undos; one job is one attempt',
  outcomes: 'what became of attempts, on the way to the orchestrator',
} as const;

/** Serves Bull Board over every queue of the platform, at {@link BULL_BOARD_PATH}. */
export async function serveBullBoard(server: FastifyInstance, queues: JobQueues): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(BULL_BOARD_PATH);
  createBullBoard({
    queues: SERVICES.flatMap((service) =>
      Object.entries(serviceQueues(service)).map(
        // Bull Board knows BullMQ's queue with its Redis types; it works on what both backends have.
        ([kind, name]) => new BullMQAdapter(queues.queue(name) as never, { description: DESCRIPTIONS[kind as keyof typeof DESCRIPTIONS] }),
      ),
    ),
    serverAdapter,
    options: { uiConfig: { boardTitle: 'Backstitch queues', miscLinks: [{ text: 'Console', url: '/' }] } },
  });
  await server.register(
    async (scope) => {
      scope.addHook('preHandler', async (request, reply) => {
        if (!isRefusedAction(request.method, request.url)) return;
        return reply.status(403).send({ error: 'Jobs are made by the orchestrator alone. Retry, promote, clean and pause are open.' });
      });
      scope.addHook('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
        return isPage && typeof payload === 'string' ? withoutForeignFonts(payload) : payload;
      });
      await scope.register(serverAdapter.registerPlugin());
    },
    { prefix: BULL_BOARD_PATH },
  );
}

/** The page asks another host for its fonts, which the content security policy forbids; the system's do. */
function withoutForeignFonts(page: string): string {
  return page.replace(/<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '');
}
