import { WorkflowNotFoundError } from '@backstitch/protocol';
import { Controller, Get, Header, Inject, NotFoundException, Query, ServiceUnavailableException } from '@nestjs/common';
import { z } from 'zod';
import { RunService, type RunAddress, type RunView } from './run-service.js';
import { runPage } from './run-page.js';

/** The workflow id stands in the query, since it may be longer than a part of a path. */
const runQuery = z.object({
  workflowId: z.string().min(1).max(255),
  runId: z.string().min(1).max(100).optional(),
  afterEventId: z.coerce.number().int().min(0).optional(),
});

@Controller()
export class RunController {
  constructor(@Inject(RunService) private readonly runs: RunService) {}

  @Get('/run')
  @Header('content-type', 'text/html; charset=utf-8')
  async run(@Query() query: unknown): Promise<string> {
    const address = runQuery.safeParse(query);
    if (!address.success) throw new NotFoundException();
    return runPage(await this.#read(address.data), address.data.afterEventId ?? 0);
  }

  async #read(address: RunAddress): Promise<RunView> {
    try {
      return await this.runs.read(address);
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw new NotFoundException();
      throw new ServiceUnavailableException('The orchestrator does not answer.', { cause: error });
    }
  }
}
