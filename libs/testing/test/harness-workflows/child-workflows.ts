import { ApplicationFailure, condition, defineSignal, executeChild, getExternalWorkflowHandle, setHandler, startChild, workflowInfo, type ChildWorkflowHandle } from '@backstitch/workflow';

export const visit = defineSignal<[string]>('visit');

/** A child for each name. */
export async function parent(...names: string[]): Promise<string[]> {
  return Promise.all(names.map((name) => executeChild(child, { args: [name] })));
}

export async function child(name: string): Promise<string> {
  if (name === '') throw new ApplicationFailure('A name is needed');
  return `${name} of ${workflowInfo().parent?.workflowId}`;
}

/** Starts one that waits, and sends it a signal from outside. */
export async function visitor(hostId: string): Promise<string> {
  const host: ChildWorkflowHandle<typeof hostess> = await startChild(hostess, { workflowId: hostId });
  await getExternalWorkflowHandle(hostId).signal(visit, workflowInfo().workflowId);
  return host.result();
}

export async function hostess(): Promise<string> {
  let guest = '';
  setHandler(visit, (name) => void (guest = name));
  await condition(() => guest !== '');
  return `${guest} was here`;
}
