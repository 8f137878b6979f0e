import { redactText } from '../logging/redact-text.js';

/** Resolves if all is well, rejects with the reason if not. Should give up when the signal fires. */
export type HealthCheck = (signal: AbortSignal) => Promise<void>;

export interface HealthCheckOptions {
  /** A check that takes longer has failed. Default 2,000. */
  timeoutMs?: number;
}

export interface HealthCheckResult {
  status: 'up' | 'down';
  durationMs: number;
  /** Why it is down, secrets taken out. */
  error?: string;
}

export interface Readiness {
  status: 'ready' | 'starting' | 'stopping' | 'unready';
  checks: Record<string, HealthCheckResult>;
}

const DEFAULT_TIMEOUT_MS = 2_000;

/**
 * What this process needs in order to do its work. States: starting → running → stopping; ready only while running with every check up.
 * Checks run when asked, all at once; questions that come meanwhile share the answer, so a flood of probes costs one round of checks.
 */
export class HealthRegistry {
  private readonly checks = new Map<string, { check: HealthCheck; timeoutMs: number }>();
  private phase: 'starting' | 'running' | 'stopping' = 'starting';
  private inFlight: Promise<Readiness> | undefined;

  /** @returns a function that takes the check away again. A name that is known is replaced. */
  register(name: string, check: HealthCheck, { timeoutMs = DEFAULT_TIMEOUT_MS }: HealthCheckOptions = {}): () => void {
    const entry = { check, timeoutMs };
    this.checks.set(name, entry);
    return () => {
      if (this.checks.get(name) === entry) this.checks.delete(name);
    };
  }

  markRunning(): void {
    if (this.phase === 'starting') this.phase = 'running';
  }

  markStopping(): void {
    this.phase = 'stopping';
  }

  readiness(): Promise<Readiness> {
    this.inFlight ??= this.runChecks().finally(() => {
      this.inFlight = undefined;
    });
    return this.inFlight;
  }

  private async runChecks(): Promise<Readiness> {
    const results = await Promise.all([...this.checks].map(async ([name, { check, timeoutMs }]) => [name, await runCheck(check, timeoutMs)] as const));
    const allUp = results.every(([, result]) => result.status === 'up');
    const status = this.phase === 'running' ? (allUp ? 'ready' : 'unready') : this.phase;
    return { status, checks: Object.fromEntries(results) };
  }
}

async function runCheck(check: HealthCheck, timeoutMs: number): Promise<HealthCheckResult> {
  const startedAt = performance.now();
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new Error(`no answer within ${timeoutMs} ms`);
      controller.abort(error);
      reject(error);
    }, timeoutMs);
  });
  const durationMs = () => Math.round(performance.now() - startedAt);
  try {
    await Promise.race([(async () => check(controller.signal))(), timedOut]);
    return { status: 'up', durationMs: durationMs() };
  } catch (error) {
    return { status: 'down', durationMs: durationMs(), error: redactText(error instanceof Error ? error.message : String(error)) };
  } finally {
    clearTimeout(timer);
  }
}
