import { ActivityCancelledError, ActivityPausedError, AsyncCompletionClient, Connection, type ConnectionOptions } from '@backstitch/client';
import type { ActivityHeartbeatResponse, PayloadCodec } from '@backstitch/protocol';
import { failureToError } from '@backstitch/protocol/failures';
import { ActivityCompletions, type Completion } from './activity-completions.js';

/** Over the control wire. */
export class ClientActivityCompletions extends ActivityCompletions {
  private readonly connection: Connection;
  private readonly client: AsyncCompletionClient;

  constructor({ payloadCodec, ...connection }: ConnectionOptions & { payloadCodec?: PayloadCodec }) {
    super();
    this.connection = Connection.lazy(connection);
    this.client = new AsyncCompletionClient({ connection: this.connection, identity: 'gateway', ...(payloadCodec === undefined ? {} : { payloadCodec }) });
  }

  async byToken(taskToken: string, completion: Completion): Promise<ActivityHeartbeatResponse | undefined> {
    switch (completion.action) {
      case 'complete':
        await this.client.complete(taskToken, completion.result);
        return undefined;
      case 'fail':
        await this.client.fail(taskToken, failureToError(completion.failure));
        return undefined;
      case 'cancel':
        await this.client.reportCancellation(taskToken, completion.details);
        return undefined;
      case 'heartbeat':
        return this.heartbeat(taskToken, completion.details);
      default:
        return completion satisfies never;
    }
  }

  override async close(): Promise<void> {
    await this.connection.close();
  }

  private async heartbeat(taskToken: string, details: unknown): Promise<ActivityHeartbeatResponse> {
    try {
      await this.client.heartbeat(taskToken, details);
      return { cancelRequested: false, paused: false };
    } catch (error) {
      if (error instanceof ActivityCancelledError) return { cancelRequested: true, paused: false };
      if (error instanceof ActivityPausedError) return { cancelRequested: false, paused: true };
      throw error;
    }
  }
}
