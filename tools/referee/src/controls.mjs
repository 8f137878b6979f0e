/** @typedef {{ eventId: string, eventType: string, [attributes: string]: any }} ExportedEvent */
/** @typedef {{ events: ExportedEvent[] }} ExportedHistory */

/**
 * Ways to spoil a history that Temporal's core must notice; a referee that accepts one of these sees nothing. Each answers undefined where the history
 * has nothing of the kind.
 * @type {Record<string, (history: ExportedHistory) => ExportedHistory | undefined>}
 */
export const CONTROLS = {
  'swapped completions': swapCompletions,
  'renamed activity': renameActivity,
  'dropped timer': dropTimer,
  'dropped activity': dropActivity,
};

/** The first two activities that ended before one and the same workflow task ended the other way round. @param {ExportedHistory} history */
function swapCompletions({ events }) {
  const completed = events.flatMap(({ eventType }, index) => (eventType === 'EVENT_TYPE_ACTIVITY_TASK_COMPLETED' ? [index] : []));
  for (const [position, first] of completed.entries()) {
    const second = completed[position + 1];
    if (second === undefined || second !== first + 2) continue;
    // Each stands behind the event that says that it began.
    const order = [...events.slice(0, first - 1), ...events.slice(second - 1, second + 1), ...events.slice(first - 1, first + 1), ...events.slice(second + 1)];
    return { events: renumbered(order) };
  }
  return undefined;
}

/** @param {ExportedHistory} history */
function renameActivity({ events }) {
  const index = events.findIndex(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
  if (index === -1) return undefined;
  const copy = structuredClone(events);
  const attributes = copy[index]?.['activityTaskScheduledEventAttributes'];
  attributes.activityType = { name: `${attributes.activityType.name}Renamed` };
  return { events: copy };
}

/** The first timer was never started, and never fired. @param {ExportedHistory} history */
function dropTimer({ events }) {
  const started = events.find(({ eventType }) => eventType === 'EVENT_TYPE_TIMER_STARTED');
  return started === undefined ? undefined : without(events, started, 'startedEventId', ['timerFiredEventAttributes', 'timerCanceledEventAttributes']);
}

/** The first activity was never scheduled, and never ended. @param {ExportedHistory} history */
function dropActivity({ events }) {
  const scheduled = events.find(({ eventType }) => eventType === 'EVENT_TYPE_ACTIVITY_TASK_SCHEDULED');
  const names = ['Started', 'Completed', 'Failed', 'TimedOut', 'CancelRequested', 'Canceled'].map((name) => `activityTask${name}EventAttributes`);
  return scheduled === undefined ? undefined : without(events, scheduled, 'scheduledEventId', names);
}

/**
 * @param {readonly ExportedEvent[]} events
 * @param {ExportedEvent} gone
 * @param {string} reference the attribute that refers to it
 * @param {readonly string[]} followers attributes of the events that go with it
 * @returns {ExportedHistory}
 */
function without(events, gone, reference, followers) {
  return { events: renumbered(events.filter((event) => event !== gone && !followers.some((name) => event[name]?.[reference] === gone.eventId))) };
}

/**
 * Events numbered anew, without gaps, and what refers to them. What referred to an event that is gone refers to the one before it.
 * @param {readonly ExportedEvent[]} kept
 */
function renumbered(kept) {
  const numbers = new Map(kept.map(({ eventId }, index) => [eventId, String(index + 1)]));
  const numberOf = (/** @type {string} */ eventId) => {
    for (let number = Number(eventId); number > 0; number -= 1) {
      const found = numbers.get(String(number));
      if (found !== undefined) return found;
    }
    return '0';
  };
  return structuredClone(kept).map((event) => {
    for (const attributes of Object.values(event)) {
      if (typeof attributes !== 'object' || attributes === null) continue;
      for (const [name, value] of Object.entries(attributes)) if (name.endsWith('EventId') && typeof value === 'string') attributes[name] = numberOf(value);
    }
    return { ...event, eventId: numberOf(event.eventId) };
  });
}
