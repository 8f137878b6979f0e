export { durationToMs, pauseToMs, type Duration } from '@backstitch/protocol/failures';
