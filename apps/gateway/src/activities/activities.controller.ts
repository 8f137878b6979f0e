import { ControlApiError, type ActivityHeartbeatResponse } from '@backstitch/protocol';
import { Body, Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { Documented } from '../documentation/documented.js';
import { validated } from '../http/validated.js';
import { ProblemError } from '../problems/problem-error.js';
import { OpenRoute } from '../security/open-route.js';
import { RateLimits } from '../security/rate-limits.js';
import { ActivityCompletions, type Completion } from './activity-completions.js';
import { activityDetailsSchema, completeActivitySchema, failActivitySchema, heartbeatAnswerSchema } from './activity.requests.js';

/** For webhooks and people: whoever has the task token of an attempt can end it. The token is all that is needed; those that guess are counted by address. */
@ApiTags('activities')
@Controller('activities')
@OpenRoute()
export class ActivitiesController {
  constructor(
    @Inject(ActivityCompletions) private readonly completions: ActivityCompletions,
    @Inject(RateLimits) private readonly limits: RateLimits,
  ) {}

  @Post('complete')
  @HttpCode(204)
  @Documented({ summary: 'Completes an activity with its result.', status: 204, body: completeActivitySchema, problems: ['request-refused', 'workflow-not-found', 'workflow-already-closed'] })
  async complete(@Req() request: FastifyRequest, @Body() body: unknown): Promise<void> {
    const { taskToken, result = null } = validated(completeActivitySchema, body, 'body');
    await this.act(request, taskToken, { action: 'complete', result });
  }

  @Post('fail')
  @HttpCode(204)
  @Documented({
    summary: 'Fails the attempt: the activity is tried again as its retry policy says.',
    status: 204,
    body: failActivitySchema,
    problems: ['request-refused', 'workflow-not-found', 'workflow-already-closed'],
  })
  async fail(@Req() request: FastifyRequest, @Body() body: unknown): Promise<void> {
    const { taskToken, message, ...applicationFailureInfo } = validated(failActivitySchema, body, 'body');
    await this.act(request, taskToken, { action: 'fail', failure: { message, applicationFailureInfo } });
  }

  @Post('cancel')
  @HttpCode(204)
  @Documented({ summary: 'Says that the work was given up.', status: 204, body: activityDetailsSchema, problems: ['request-refused', 'workflow-not-found', 'workflow-already-closed'] })
  async cancel(@Req() request: FastifyRequest, @Body() body: unknown): Promise<void> {
    const { taskToken, details } = validated(activityDetailsSchema, body, 'body');
    await this.act(request, taskToken, { action: 'cancel', ...(details === undefined ? {} : { details }) });
  }

  @Post('heartbeat')
  @HttpCode(200)
  @Documented({
    summary: 'Says that the work goes on, and learns whether it is still wanted.',
    status: 200,
    body: activityDetailsSchema,
    answer: heartbeatAnswerSchema,
    problems: ['request-refused', 'workflow-not-found', 'workflow-already-closed'],
  })
  async heartbeat(@Req() request: FastifyRequest, @Body() body: unknown): Promise<ActivityHeartbeatResponse> {
    const { taskToken, details } = validated(activityDetailsSchema, body, 'body');
    return (await this.act(request, taskToken, { action: 'heartbeat', ...(details === undefined ? {} : { details }) })) ?? { cancelRequested: false, paused: false };
  }

  private async act(request: FastifyRequest, taskToken: string, completion: Completion): Promise<ActivityHeartbeatResponse | undefined> {
    try {
      return await this.completions.byToken(taskToken, completion);
    } catch (error) {
      if (!(error instanceof ControlApiError) || error.code !== 'INVALID_REQUEST') throw error;
      await this.limits.countRefusal(request);
      throw new ProblemError('request-refused', error.message, {}, { cause: error });
    }
  }
}
