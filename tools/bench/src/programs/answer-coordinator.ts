import { startProfile, stopProfile } from './profiler.js';

/** What the coordinator asks of a program; the answer bears the same id. */
export interface Request {
  id: number;
  /** `profile-start`, `profile-stop`, or a command of the program's own. */
  command: string;
  [parameter: string]: unknown;
}

export type Commands = Record<string, (request: never) => Promise<unknown> | unknown>;

/**
 * Serves the coordinator's requests over the channel to the parent process and tells it that the program is ready. When the parent is gone the program
 * ends too.
 */
export function answerCoordinator(commands: Commands, stop: () => Promise<void>): void {
  const all: Commands = { ...commands, 'profile-start': startProfile, 'profile-stop': ({ file }: { file: string }) => stopProfile(file) };
  process.on('message', (message) => {
    const request = message as Request;
    const command = all[request.command] as ((request: Request) => unknown) | undefined;
    void (async () => {
      try {
        if (command === undefined) throw new Error(`Unknown command: ${request.command}`);
        tell({ id: request.id, result: (await command(request)) ?? null });
      } catch (error) {
        tell({ id: request.id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) });
      }
    })();
  });
  process.once('disconnect', () => {
    setTimeout(() => process.exit(1), 5_000).unref();
    void stop().finally(() => process.exit(0));
  });
  tell({ ready: true });
}

/** Sends a message to the coordinator. */
export function tell(message: object): void {
  if (process.connected) process.send?.(message);
}
