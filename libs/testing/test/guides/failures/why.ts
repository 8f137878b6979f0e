import { WorkflowFailedError, type Client } from '@backstitch/client';

/** The chain of causes, from the outside in. */
export async function whyItFailed(client: Client, workflowId: string): Promise<string[]> {
  try {
    await client.workflow.getHandle(workflowId).result();
    return [];
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const chain: string[] = [];
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) chain.push(`${cause.name}: ${cause.message}`);
    return chain;
  }
}
