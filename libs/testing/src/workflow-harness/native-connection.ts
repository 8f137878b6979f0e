import type { ControlCall } from '@backstitch/client';
import { TestWorkflowEnvironment, type EnvironmentConnection } from './test-workflow-environment.js';

/** A worker's connection, to the environment that was made last. Temporal's name for it; address and credentials are taken and not used. */
export class NativeConnection implements EnvironmentConnection {
  private constructor(readonly environment: TestWorkflowEnvironment) {}

  static connect(options?: object): Promise<NativeConnection> {
    void options;
    return Promise.resolve(new NativeConnection(TestWorkflowEnvironment.of(undefined)));
  }

  async call<Answer>(call: ControlCall): Promise<Answer> {
    return this.environment.connection.call<Answer>(call);
  }

  async close(): Promise<void> {
    // The environment owns what is behind it.
  }
}
