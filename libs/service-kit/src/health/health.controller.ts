import { Controller, Get, Header, HttpException, HttpStatus, Inject } from '@nestjs/common';
import { HealthRegistry, type Readiness } from './health-registry.js';

@Controller('health')
export class HealthController {
  constructor(@Inject(HealthRegistry) private readonly health: HealthRegistry) {}

  /** The process runs and its event loop turns; says nothing of what it depends on. */
  @Get('live')
  @Header('cache-control', 'no-store')
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  /** 200 if work can be done, 503 with the failed checks if not. */
  @Get('ready')
  @Header('cache-control', 'no-store')
  async ready(): Promise<Readiness> {
    const readiness = await this.health.readiness();
    if (readiness.status !== 'ready') throw new HttpException(readiness, HttpStatus.SERVICE_UNAVAILABLE);
    return readiness;
  }
}
