import { writeFile } from 'node:fs/promises';
import { Session, type NodeWorker, type Profiler } from 'node:inspector';

const SAMPLING_INTERVAL_US = 500;

type Send = (method: string, parameters?: object) => Promise<unknown>;

let session: Session | undefined;
/** One sender for each worker thread, by the inspector's id of it. */
const workers = new Map<string, Send>();

/** Begins a CPU profile of this process, its worker threads included. */
export async function startProfile(): Promise<void> {
  session = new Session();
  session.connect();
  const send = senderOf(session);
  watchWorkers(session, send);
  await send('NodeWorker.enable', { waitForDebuggerOnStart: false });
  await Promise.all([send, ...workers.values()].map(begin));
}

/** Ends the profile and writes it as `.cpuprofile`, one file for each thread: `file`, and `<file>-thread-1` and so on before its ending. */
export async function stopProfile(file: string): Promise<void> {
  if (session === undefined) return;
  let thread = 0;
  for (const send of [senderOf(session), ...workers.values()]) {
    const { profile } = (await send('Profiler.stop')) as Profiler.StopReturnType;
    await writeFile(thread === 0 ? file : file.replace(/(\.cpuprofile)$/, `-thread-${thread}$1`), JSON.stringify(profile));
    thread += 1;
  }
  session.disconnect();
  session = undefined;
  workers.clear();
}

async function begin(send: Send): Promise<void> {
  await send('Profiler.enable');
  await send('Profiler.setSamplingInterval', { interval: SAMPLING_INTERVAL_US });
  await send('Profiler.start');
}

function senderOf(target: Session): Send {
  return (method, parameters = {}) =>
    new Promise((resolve, reject) => {
      target.post(method, parameters, (error: Error | null, answer?: unknown) => (error === null ? resolve(answer) : reject(error)));
    });
}

/** Node wraps the messages of a worker's inspector into those of the main thread's. */
function watchWorkers(target: Session, send: Send): void {
  const answers = new Map<string, (answer: unknown) => void>();
  let lastId = 0;
  target.on('NodeWorker.attachedToWorker', ({ params }: { params: NodeWorker.AttachedToWorkerEventDataType }) => {
    const { sessionId } = params;
    workers.set(sessionId, (method, parameters = {}) => {
      const id = (lastId += 1);
      return new Promise((resolve, reject) => {
        answers.set(`${sessionId}/${id}`, resolve);
        send('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params: parameters }) }).catch(reject);
      });
    });
  });
  target.on('NodeWorker.receivedMessageFromWorker', ({ params }: { params: NodeWorker.ReceivedMessageFromWorkerEventDataType }) => {
    const { id, result } = JSON.parse(params.message) as { id?: number; result?: unknown };
    const key = `${params.sessionId}/${id}`;
    answers.get(key)?.(result);
    answers.delete(key);
  });
}
