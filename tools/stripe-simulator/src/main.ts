import { readSimulatorConfiguration } from './configuration.js';
import { logLine, type LogLevel } from './log-line.js';
import { startStripeSimulator } from './stripe-simulator.js';

const log = (level: LogLevel, msg: string, fields?: Record<string, unknown>) => console.log(logLine(level, msg, fields));

async function start(): Promise<void> {
  const configuration = readSimulatorConfiguration(process.env);
  const simulator = await startStripeSimulator({
    host: configuration.HOST,
    port: configuration.PORT,
    faultRate: configuration.FAULT_RATE,
    seed: configuration.SEED,
    hangMs: configuration.HANG_MS,
    journalFile: configuration.JOURNAL_FILE,
    onError: (err) => log('error', 'a request failed for a reason of the simulator’s own', { err }),
  });
  log('info', 'ready', { url: simulator.url, faultRate: configuration.FAULT_RATE, seed: configuration.SEED });

  let stopping = false;
  // `disconnect`: the supervisor that started this process with an IPC channel is gone.
  for (const signal of ['SIGTERM', 'SIGINT', 'disconnect']) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      log('info', 'stopping', { signal });
      simulator.close().then(() => process.exit(0), die('could not stop in order'));
    });
  }
}

function die(msg: string): (err: unknown) => never {
  return (err) => {
    log('fatal', msg, { err });
    process.exit(1);
  };
}

await start().catch(die('could not start'));
