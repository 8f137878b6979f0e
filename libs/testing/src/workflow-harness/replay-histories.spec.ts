import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DeterminismViolationError } from '@backstitch/workflow';
import { workflowsFile } from '../../test/library.js';
import { HistoriesUnreadableError, readHistories, ReplayError, ReplayFailedError, replayHistories, replayHistory, TestWorkflowEnvironment, Worker } from './index.js';

const workflowsPath = workflowsFile('patched-v1');
const activities = { remindReader: async () => undefined, returnBook: async () => undefined, buyBook: async () => undefined };
let history: { events: object[] };
let folder: string;

/** A history of the first version, as a project records it. */
beforeAll(async () => {
  const environment = await TestWorkflowEnvironment.createTimeSkipping();
  const worker = await Worker.create({ connection: environment.nativeConnection, taskQueue: 'replay', workflowsPath, activities });
  history = await worker.runUntil(async () => {
    const handle = await environment.client.workflow.start('rotate', { taskQueue: 'replay', workflowId: 'rotating' });
    await handle.result();
    return handle.fetchHistory();
  });
  await environment.teardown();
  folder = mkdtempSync(join(tmpdir(), 'backstitch-histories-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const thrownBy = async (work: Promise<unknown>): Promise<Error> => work.then(() => new Error('nothing was thrown'), (error: unknown) => error as Error);
const drifted = (): unknown => JSON.parse(JSON.stringify(history).replace('"input":["old"]', '"input":["older"]'));

describe('replaying a history', () => {
  it('given the code that recorded it, or its next version with a patch, when it is replayed, then nothing is thrown', async () => {
    await replayHistory(history, { workflowsPath });
    await replayHistory(JSON.parse(JSON.stringify(history)), { workflowsPath: workflowsFile('patched-v2') });
    await Worker.runReplayHistory({ workflowsPath }, history.events, 'by-array');
  });

  it('given code that takes another step, when it is replayed, then it is a DeterminismViolationError that shows both sides and the line', async () => {
    const error = await thrownBy(replayHistory(history, { workflowsPath: workflowsFile('patched-v3') }));
    expect(error).toBeInstanceOf(DeterminismViolationError);
    expect(error.message).toMatch(/rotate "rotating" \(run .*\): the code gives other steps/);
    expect(error.message).toMatch(/event 5[^]*recorded {2}[^]*remindReader[^]*produced/);
  });

  it('given code with another input for a recorded step, when it is replayed, then that drift is a ReplayError, unless it is allowed', async () => {
    const error = await thrownBy(replayHistory(drifted(), { workflowsPath }));
    expect(error).toBeInstanceOf(ReplayError);
    expect((error as ReplayError).outcome?.status).toBe('drift');
    expect(error.message).toMatch(/recorded {2}[^]*older[^]*produced {2}[^]*"old"/);
    await replayHistory(drifted(), { workflowsPath, allowsDrift: true });
  });

  it('given no workflow of the type, no code, or what is no history, when it is replayed, then it is a ReplayError that says so', async () => {
    expect((await thrownBy(replayHistory(history, { workflowsPath: workflowsFile('child-workflows') }))).message).toContain('no workflow "rotate"');
    expect((await thrownBy(replayHistory(history, {}))).message).toContain('workflowsPath or workflowBundle');
    for (const wrong of [{}, undefined, { events: [] }, { events: [{ eventType: 'TIMER_FIRED' }] }, 'text']) {
      expect(await thrownBy(replayHistory(wrong, { workflowsPath }, 'w'))).toMatchObject({ name: 'ReplayError', message: expect.stringContaining('history of "w"') });
    }
    expect((await thrownBy(replayHistory({ events: [{ eventTime: '2026-01-01T00:00:00Z' }] }, { workflowsPath }))).message).toContain('Temporal’s form');
  });
});

describe('replaying a folder of histories', () => {
  it('given histories that fit, when they are replayed, then it is told how many; the same run twice counts twice', async () => {
    mkdirSync(join(folder, 'fits/below'), { recursive: true });
    writeFileSync(join(folder, 'fits/one.json'), JSON.stringify(history));
    writeFileSync(join(folder, 'fits/below/two.json'), JSON.stringify(history.events));
    writeFileSync(join(folder, 'fits/notes.txt'), 'no history');
    expect(await replayHistories(readHistories(join(folder, 'fits')), { workflowsPath })).toEqual({ replayed: 2 });
  });

  it('given histories some of which do not fit, when they are replayed, then all are, and the error tells each that does not', async () => {
    const histories = [history, drifted(), { events: [] }, history].map((one, index) => ({ workflowId: `w-${index}`, history: one as never }));
    const error = (await thrownBy(replayHistories(histories, { workflowsPath }))) as ReplayFailedError;
    expect(error).toBeInstanceOf(ReplayFailedError);
    expect(error).toMatchObject({ replayed: 4, failed: [{ workflowId: 'w-1' }, { workflowId: 'w-2' }] });
    expect(error.message).toMatch(/^2 of 4 histories[^]*"w-1"[^]*"w-2"/);
  });

  it('given Temporal’s name for it, when histories are replayed, then each has a result', async () => {
    const results = [];
    for await (const result of Worker.runReplayHistories({ workflowsPath }, [history, drifted()].map((one, index) => ({ workflowId: `w-${index}`, history: one as never })))) {
      results.push([result.workflowId, result.error?.name]);
    }
    expect(results).toEqual([
      ['w-0', undefined],
      ['w-1', 'ReplayError'],
    ]);
  });

  it('given a folder that is not there, or is empty, or a file that is no JSON, when it is read, then that is an error: nothing was checked', async () => {
    mkdirSync(join(folder, 'empty'));
    mkdirSync(join(folder, 'broken'));
    writeFileSync(join(folder, 'broken/a.json'), '{');
    for (const name of ['missing', 'empty', 'broken']) {
      expect(await thrownBy(replayHistories(readHistories(join(folder, name)), { workflowsPath }))).toBeInstanceOf(HistoriesUnreadableError);
    }
  });
});
