import type { StoryLine } from './course.js';
import type { ExploreFailureKind } from './explorer-errors.js';
import { formatSchedule, type Schedule } from './schedule.js';

/** Sentences of a story, at most. */
export const STORY_MAX = 15;

const WHAT_IS_WRONG: Record<ExploreFailureKind, string> = {
  invariant: 'The invariant does not hold',
  stuck: 'The workflow is stuck in silence',
  incident: 'All is over, and an incident is open',
  endless: 'The workflow does not come to an end',
  engine: 'The engine refused or failed, which is a defect of Backstitch unless the workflow could not be started at all',
};

/** The story in at most {@link STORY_MAX} sentences: all that the schedule did, and what stands around it. */
export function storyOf(lines: readonly StoryLine[]): string[] {
  const told = lines.map(({ atMs, text, isEvent }, index) => ({ text: `${timeOf(atMs)}  ${isEvent ? '! ' : '  '}${text}`, isEvent, index }));
  if (told.length <= STORY_MAX) {
    return told.map(({ text }) => text);
  }
  const events = told.filter(({ isEvent }) => isEvent).map(({ index }) => index);
  const last = told.length - 1;
  // Beside the events, the first and the last sentence: whatever is nearest to one of them.
  const anchors = [0, last, ...events];
  const distance = (index: number): number => Math.min(...anchors.map((anchor) => Math.abs(anchor - index)));
  const kept = new Set(
    told
      .map(({ index }) => index)
      .sort((one, other) => distance(one) - distance(other) || one - other)
      .slice(0, STORY_MAX),
  );
  let left = 0;
  const shown: string[] = [];
  for (const { text, index } of told) {
    if (kept.has(index)) {
      shown.push(left === 0 ? text : `${text}  (before it, ${left} more that went as they should)`);
      left = 0;
    } else {
      left += 1;
    }
  }
  return shown;
}

/** What a person gets to read. */
export function failureText(failure: { kind: ExploreFailureKind; message: string; seed: number; schedule: Schedule; story: readonly string[] }, whenFound: string): string {
  const { kind, message, schedule, story } = failure;
  const { events } = schedule;
  const happens = events.length === 0 ? 'Nothing has to go wrong for it.' : `It takes ${events.length === 1 ? 'one event' : `${events.length} events`} (!):`;
  return [
    `${WHAT_IS_WRONG[kind]}: ${message}`,
    '',
    `Found ${whenFound}. ${happens}`,
    '',
    ...story.map((line, index) => `${String(index + 1).padStart(3)}. ${line}`),
    '',
    'To play it again, call explore with the same arguments and',
    `  replay: ${JSON.stringify(formatSchedule(schedule))}`,
  ].join('\n');
}

function timeOf(atMs: number): string {
  const seconds = atMs / 1_000;
  const text = seconds < 60 ? `${seconds.toFixed(3)} s` : seconds < 3_600 ? `${(seconds / 60).toFixed(1)} min` : seconds < 172_800 ? `${(seconds / 3_600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
  return text.padStart(8);
}
