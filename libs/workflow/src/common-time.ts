import { durationToMs, type Duration } from './duration.js';

/** A duration in milliseconds. @throws TypeError for text that is no duration */
export function msToNumber(duration: Duration): number {
  return typeof duration === 'number' ? duration : durationToMs(duration, 'A duration');
}

/** A duration in milliseconds, where one is given. @throws TypeError for text that is no duration */
export function msOptionalToNumber(duration: Duration | undefined): number | undefined {
  return duration === undefined ? undefined : msToNumber(duration);
}
