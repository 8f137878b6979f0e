import type { SetCurrentBuildRequest } from '@backstitch/protocol';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parseRequest } from '../control-api/request-schemas.js';
import type { Builds } from './builds.js';

export const INTERNAL_WAKE_PATH = '/internal/wake';
export const BUILD_ID_LENGTH_MAX = 128;

const setCurrentRequest: z.ZodType<SetCurrentBuildRequest> = z.object({ buildId: z.string().min(1).max(BUILD_ID_LENGTH_MAX).optional(), force: z.boolean().optional() });
const wakeRequest = z.object({ runIds: z.array(z.uuid()).max(10_000) });

export interface DeploymentRoutesOptions {
  builds: Pick<Builds, 'list' | 'setCurrent'>;
  /** Another build's replica recorded something for these runs. */
  wake: (runIds: readonly string[]) => Promise<void>;
  bodyBytesMax: number;
}

/** The routes of builds, to be registered below `/v1`. Any replica answers. */
export function deploymentRoutes(fastify: FastifyInstance, { builds, wake, bodyBytesMax }: DeploymentRoutesOptions): void {
  fastify.get('/deployments', async () => builds.list());
  fastify.route({
    method: 'POST',
    url: '/deployments/current',
    bodyLimit: bodyBytesMax,
    handler: async (request, reply) => {
      const { buildId, force = false } = parseRequest(setCurrentRequest, request.body ?? {});
      await builds.setCurrent(buildId, force);
      return reply.code(204).send();
    },
  });
  // Between replicas alone: no part of the public API.
  fastify.route({
    method: 'POST',
    url: INTERNAL_WAKE_PATH,
    bodyLimit: bodyBytesMax,
    handler: async (request, reply) => {
      await wake(parseRequest(wakeRequest, request.body).runIds);
      return reply.code(204).send();
    },
  });
}
