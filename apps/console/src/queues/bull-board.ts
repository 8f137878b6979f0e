import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import { SERVICES } from '@backstitch/contracts';
import { serviceQueues } from '@backstitch/protocol';
import type { JobQueues, QueueConnection } from '@backstitch/queues';
import type { FastifyInstance } from 'fastify';
import { HIDDEN_ACTIONS_STYLE, isRefusedAction } from './refused-actions.js';
import { withoutPaymentTokens } from './without-payment-tokens.js';

export const BULL_BOARD_PATH = '/queues';
const STYLE_PATH = '/backstitch.css';

const DESCRIPTIONS = {
  tasks: 'Steps of workflows. One job is one attempt; it leaves when it completes, and its result is in the run’s history.',
  compensation: 'Undos of steps. One job is one attempt; it leaves when it completes, and its result is in the run’s history.',
  outcomes: 'What became of attempts, on the way to the orchestrator; gone as soon as it is in the history.',
} as const;

/** Serves Bull Board over every queue of the platform, at {@link BULL_BOARD_PATH}. */
export async function serveBullBoard(server: FastifyInstance, queues: JobQueues, backend: QueueConnection['backend']): Promise<void> {
  const serverAdapter = new FastifyAdapter();
  serverAdapter.setBasePath(BULL_BOARD_PATH);
  createBullBoard({
    queues: SERVICES.flatMap((service) =>
      Object.entries(serviceQueues(service)).map(([kind, name]) => {
        // Bull Board knows BullMQ's queue with its Redis types; it works on what both backends have.
        const adapter = new BullMQAdapter(queues.queue(name) as never, { description: DESCRIPTIONS[kind as keyof typeof DESCRIPTIONS] });
        adapter.setFormatter('data', withoutPaymentTokens);
        return adapter;
      }),
    ),
    serverAdapter,
    options: {
      uiConfig: {
        boardTitle: 'Backstitch queues',
        miscLinks: [{ text: 'Console', url: '/' }],
        hideDocsLink: true,
        sortQueues: false,
        // On Postgres one listening connection serves all workers of a process: Bull Board would call each queue unserved.
        showWorkers: backend === 'redis',
      },
    },
  });
  await server.register(
    async (scope) => {
      scope.addHook('preHandler', async (request, reply) => {
        if (!isRefusedAction(request.method, request.url)) return;
        return reply.status(403).send({ error: 'Jobs are made by the orchestrator alone. Retry, promote, clean and pause are open.' });
      });
      scope.addHook('onSend', async (_request, reply, payload) => {
        const isPage = String(reply.getHeader('content-type') ?? '').startsWith('text/html');
        return isPage && typeof payload === 'string' ? withOwnStyle(payload) : payload;
      });
      scope.get(STYLE_PATH, async (_request, reply) => reply.type('text/css; charset=utf-8').send(HIDDEN_ACTIONS_STYLE));
      await scope.register(serverAdapter.registerPlugin());
    },
    { prefix: BULL_BOARD_PATH },
  );
}

/**
 * The page asks another host for its fonts, which the content security policy forbids; the system's do. In their place comes the style that
 * hides what is refused, since Bull Board can be told to be read-only as a whole but not to leave out single actions.
 */
function withOwnStyle(page: string): string {
  return page
    .replace(/<link href="https:\/\/fonts\.googleapis\.com[^>]*>/, '')
    .replace('</head>', `<link href="${BULL_BOARD_PATH}${STYLE_PATH}" rel="stylesheet"></head>`);
}
