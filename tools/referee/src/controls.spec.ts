import { describe, expect, it } from '@jest/globals';
import { CONTROLS } from './controls.mjs';

const event = (eventId: number, name: string, attributes: object) => ({ eventId: String(eventId), eventType: `EVENT_TYPE_${name}`, [`${name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())}EventAttributes`]: attributes });

const HISTORY = {
  events: [
    event(1, 'WORKFLOW_EXECUTION_STARTED', {}),
    event(2, 'ACTIVITY_TASK_SCHEDULED', { activityId: '1', activityType: { name: 'reserve' } }),
    event(3, 'ACTIVITY_TASK_SCHEDULED', { activityId: '2', activityType: { name: 'charge' } }),
    event(4, 'TIMER_STARTED', { timerId: '1' }),
    event(5, 'ACTIVITY_TASK_STARTED', { scheduledEventId: '2' }),
    event(6, 'ACTIVITY_TASK_COMPLETED', { scheduledEventId: '2', startedEventId: '5' }),
    event(7, 'ACTIVITY_TASK_STARTED', { scheduledEventId: '3' }),
    event(8, 'ACTIVITY_TASK_COMPLETED', { scheduledEventId: '3', startedEventId: '7' }),
    event(9, 'TIMER_FIRED', { timerId: '1', startedEventId: '4' }),
  ],
};

const namesOf = (history: { events: { eventType: string }[] } | undefined) => history?.events.map(({ eventType }) => eventType.slice('EVENT_TYPE_'.length));

describe('the controls', () => {
  it('given two activities that ended before one task, when their completions are swapped, then each keeps its own start, and ids have no gap', () => {
    const { events } = CONTROLS['swapped completions']?.(HISTORY) as typeof HISTORY;
    expect(events.map(({ eventId }) => eventId)).toEqual(HISTORY.events.map(({ eventId }) => eventId));
    expect(events[5]).toMatchObject({ activityTaskCompletedEventAttributes: { scheduledEventId: '3', startedEventId: '5' } });
    expect(events[7]).toMatchObject({ activityTaskCompletedEventAttributes: { scheduledEventId: '2', startedEventId: '7' } });
  });

  it('given an activity, when it is renamed, then nothing else changes', () => {
    const { events } = CONTROLS['renamed activity']?.(HISTORY) as typeof HISTORY;
    expect(events.filter((changed, index) => JSON.stringify(changed) !== JSON.stringify(HISTORY.events[index]))).toMatchObject([{ eventId: '2', activityTaskScheduledEventAttributes: { activityType: { name: 'reserveRenamed' } } }]);
  });

  it('given a timer, when it is dropped, then what came of it is gone too, and references follow the new ids', () => {
    const dropped = CONTROLS['dropped timer']?.(HISTORY) as typeof HISTORY;
    expect(namesOf(dropped)).toEqual(namesOf(HISTORY)?.filter((name) => !name.startsWith('TIMER_')));
    expect(dropped.events[6]).toMatchObject({ eventId: '7', activityTaskCompletedEventAttributes: { scheduledEventId: '3', startedEventId: '6' } });
  });

  it('given an activity, when it is dropped, then nothing of it is left', () => {
    const dropped = CONTROLS['dropped activity']?.(HISTORY) as typeof HISTORY;
    expect(JSON.stringify(dropped)).not.toContain('reserve');
    expect(dropped.events).toHaveLength(HISTORY.events.length - 3);
  });

  it.each(Object.keys(CONTROLS))('given a history with nothing for it, when "%s" is asked for, then there is none', (name) => {
    expect(CONTROLS[name]?.({ events: HISTORY.events.slice(0, 1) })).toBeUndefined();
  });
});
