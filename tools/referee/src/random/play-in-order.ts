import { EngineHarness } from '@backstitch/testing';
import type { Sandbox } from '@backstitch/engine';
import type { JsonValue } from '@backstitch/protocol';
import type { Program } from './program.js';
import type { RecordedRun } from './random-run.js';

const ROUNDS_MAX = 50;

/** Plays a program that only activities and timers hold up: all jobs that wait are completed together, in order of their scheduling. */
export async function playInOrder(program: Program, sandbox: Sandbox): Promise<RecordedRun> {
  const kit = new EngineHarness(sandbox, { searchAttributes: { Word: 'Keyword' } });
  await kit.start('randomWorkflow', 'control', program as unknown as JsonValue);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const { record, events } = kit.store.storedByWorkflowId('control');
    if (record.status !== 'RUNNING') return { workflowId: record.workflowId, workflowType: record.workflowType, events };
    const jobs = kit.dispatcher.waiting().map(() => kit.dispatcher.take());
    if (jobs.length > 0) await kit.engine.deliver(jobs.map((job, index) => kit.outcomeOf(job, { status: 'completed', result: index })));
    else await kit.advance(Math.max(1, (record.wakeAtMs ?? 0) - kit.clock.now()));
    await kit.settled();
  }
  throw new Error(`The control does not end: ${JSON.stringify(kit.store.storedByWorkflowId('control').incidents)}`);
}
