import type { Clock } from '@backstitch/engine';
import type { Timers } from '@backstitch/engine/schedules';

/** Longer delays overflow Node's timer and would fire at once. */
const DELAY_MAX_MS = 2 ** 31 - 1;

/** Node's timers; what waits does not keep the process alive. */
export function systemTimers(clock: Clock): Timers {
  return {
    at: (timeMs, run) => {
      let timer: NodeJS.Timeout;
      const arm = (): void => {
        const delayMs = Math.max(0, timeMs - clock.now());
        timer = setTimeout(() => (clock.now() < timeMs ? arm() : run()), Math.min(delayMs, DELAY_MAX_MS));
        timer.unref();
      };
      arm();
      return () => clearTimeout(timer);
    },
  };
}
