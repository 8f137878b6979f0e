import { ConfigurableModuleBuilder, Inject, Module, type BeforeApplicationShutdown, type OnApplicationBootstrap, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Engine, type Sandbox } from '@backstitch/engine';
import { createSandbox } from '@backstitch/sandbox';
import type { FastifyInstance } from 'fastify';
import { OrchestratorHost } from './orchestrator-host.js';
import { OrchestratorOptionsError, resolveOrchestratorOptions, type OrchestratorOptions } from './orchestrator-options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } = new ConfigurableModuleBuilder<OrchestratorOptions>({ moduleName: 'Orchestrator' }).setClassMethodName('forRoot').build();

const OWNED_SANDBOX = Symbol('OWNED_SANDBOX');

/**
 * The engine in a Nest app on Fastify: `OrchestratorModule.forRootAsync({ imports, inject, useFactory })` with {@link OrchestratorOptions}. Registers
 * the control API under `/v1`, starts with the app and stops with it. Exports {@link OrchestratorHost}.
 */
@Module({
  providers: [
    {
      provide: OWNED_SANDBOX,
      inject: [MODULE_OPTIONS_TOKEN],
      useFactory: async ({ bundle, sandboxThreads }: OrchestratorOptions): Promise<Sandbox | undefined> =>
        bundle === undefined ? undefined : createSandbox({ bundle, threads: sandboxThreads }),
    },
    {
      provide: OrchestratorHost,
      inject: [MODULE_OPTIONS_TOKEN, OWNED_SANDBOX],
      useFactory: (options: OrchestratorOptions, ownedSandbox: Sandbox | undefined): OrchestratorHost => {
        const resolved = resolveOrchestratorOptions(options);
        const sandbox = ownedSandbox ?? resolved.sandbox;
        if (sandbox === undefined) throw new OrchestratorOptionsError('There is no sandbox.');
        return new OrchestratorHost(resolved, sandbox, (ports, engineOptions) => new Engine(ports, engineOptions));
      },
    },
  ],
  exports: [OrchestratorHost],
})
export class OrchestratorModule extends ConfigurableModuleClass implements OnModuleInit, OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    @Inject(OrchestratorHost) private readonly host: OrchestratorHost,
    @Inject(OWNED_SANDBOX) private readonly ownedSandbox: Sandbox | undefined,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {
    super();
  }

  onModuleInit(): void {
    const adapter = this.adapterHost.httpAdapter;
    if (adapter === undefined || adapter.getType() !== 'fastify') {
      throw new OrchestratorOptionsError('The control API needs a Nest app on Fastify.');
    }
    const fastify = adapter.getInstance<FastifyInstance>();
    void fastify.register(this.host.controlRoutes(), { prefix: '/v1' });
    fastify.addHook('onListen', async () => this.host.listening(fastify.server.address()));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.host.start();
  }

  /** Before the app's data source is closed. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.host.stop();
    await this.ownedSandbox?.close();
  }
}
