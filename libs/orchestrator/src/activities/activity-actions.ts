import type { EngineSurface } from '@backstitch/engine';
import { InvalidRequestError, type ActivityAction, type ActivityActionRequest, type ActivityHeartbeatResponse, type Failure, type JsonValue } from '@backstitch/protocol';
import { verifyTaskToken } from '@backstitch/protocol/task-token';
import { z } from 'zod';
import type { ActivityActions } from '../control-api/activity-actions.js';
import { parseRequest } from '../control-api/request-schemas.js';

export interface ActivityActionsOptions {
  engine: Pick<EngineSurface, 'activityAction'>;
  /** Absent: no token is genuine. */
  taskTokenSecret?: string;
}

const action = z.enum(['pause', 'unpause', 'retry', 'complete', 'fail', 'cancel', 'heartbeat']) satisfies z.ZodType<ActivityAction>;
/** What the holder of a token may do: what a worker may. */
const tokenAction = z.enum(['complete', 'fail', 'cancel', 'heartbeat']) satisfies z.ZodType<ActivityAction>;
// JSON was parsed already, and its size is bounded by that of the body.
const jsonValue = z.custom<JsonValue>((value) => value !== undefined, 'is required');
const failure = z.custom<Failure>((value) => typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string', 'must be a failure with a message');
const note = z.string().max(10_000).refine((value) => !value.includes('\0'), 'must not contain NUL');
const outcome = {
  identity: note.min(1).max(255).optional(),
  result: jsonValue.optional(),
  failure: failure.optional(),
  details: jsonValue.optional(),
};
const actionRequest = z.object({ ...outcome, reason: note.min(1).optional(), attempt: z.int().min(1).optional() });
const tokenRequest = z.object({ ...outcome, taskToken: z.string().min(1).max(10_000) });

/**
 * What is done to activities from outside of their workers. A task token is the right to complete one attempt: it is checked here, so that the engine sees no secret;
 * what it permits is what the attempt's worker could say, and no operator's action.
 */
export function activityActions({ engine, taskTokenSecret }: ActivityActionsOptions): ActivityActions {
  const answerOf = (asked: ActivityAction, answer: ActivityHeartbeatResponse): ActivityHeartbeatResponse | undefined => (asked === 'heartbeat' ? answer : undefined);
  return {
    async byToken(actionText, body) {
      const asked = parseRequest(tokenAction, actionText);
      const { taskToken, ...request } = parseRequest(tokenRequest, body);
      if (taskTokenSecret === undefined) throw new InvalidRequestError('/taskToken', 'is not known: this deployment has no secret for task tokens');
      const { workflowId, runId, activityId, attempt } = verifyTaskToken(taskTokenSecret, taskToken);
      return answerOf(asked, await engine.activityAction(workflowId, activityId, asked, { ...request, attempt } satisfies ActivityActionRequest, runId));
    },
    async byId(workflowId, activityId, actionText, body, runId) {
      const asked = parseRequest(action, actionText);
      return answerOf(asked, await engine.activityAction(workflowId, activityId, asked, parseRequest(actionRequest, body ?? {}), runId));
    },
  };
}
