/** @typedef {import('@backstitch/protocol').HistoryEvent} HistoryEvent */
/**
 * How long a run stood still.
 *
 * @typedef {object} Stall
 * @property {string} workflowId
 * @property {number} fromMs since the epoch
 * @property {number} durationMs
 * @property {string} after type of the event before it, and the activity's
 * @property {string} before type of the event that ended it, and the activity's; `nothing` if none did
 */

/** Events that end a run. */
const CLOSING = new Set(['WORKFLOW_EXECUTION_COMPLETED', 'WORKFLOW_EXECUTION_FAILED', 'WORKFLOW_EXECUTION_CANCELED', 'WORKFLOW_EXECUTION_TERMINATED']);

/**
 * The longest time between two events of a history. Time in which a run has nothing to wait for but timers that its own code set is no stall.
 *
 * @param {string} workflowId
 * @param {readonly HistoryEvent[]} events all of them, in order
 * @param {number} nowMs until when a run that has not ended stands still
 * @returns {Stall}
 */
export function longestStall(workflowId, events, nowMs) {
  /** @type {Map<number, string>} */
  const activities = new Map();
  let openActivities = 0;
  let openTimers = 0;
  /** @type {Stall} */
  let longest = { workflowId, fromMs: events[0]?.eventTimeMs ?? nowMs, durationMs: 0, after: 'nothing', before: 'nothing' };
  let latestMs = events[0]?.eventTimeMs ?? nowMs;
  let latest = 'nothing';
  for (const event of events) {
    consider(event.eventTimeMs, labelOf(event, activities));
    latestMs = Math.max(latestMs, event.eventTimeMs);
    latest = labelOf(event, activities);
    if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') openActivities += 1;
    else if (/^ACTIVITY_TASK_(COMPLETED|FAILED|TIMED_OUT|CANCELED)$/.test(event.eventType)) openActivities -= 1;
    else if (event.eventType === 'TIMER_STARTED') openTimers += 1;
    else if (event.eventType === 'TIMER_FIRED' || event.eventType === 'TIMER_CANCELED') openTimers -= 1;
  }
  if (!CLOSING.has(events.at(-1)?.eventType ?? '')) consider(nowMs, 'nothing');
  return longest;

  /**
   * @param {number} atMs
   * @param {string} label
   */
  function consider(atMs, label) {
    const durationMs = atMs - latestMs;
    if (durationMs <= longest.durationMs || (openTimers > 0 && openActivities === 0)) return;
    longest = { workflowId, fromMs: latestMs, durationMs, after: latest, before: label };
  }
}

/**
 * @param {HistoryEvent} event
 * @param {Map<number, string>} activities by id of their scheduling event
 */
function labelOf(event, activities) {
  if (event.eventType === 'ACTIVITY_TASK_SCHEDULED') {
    activities.set(event.eventId, event.attributes.activityType);
    return `${event.eventType} ${event.attributes.activityType}`;
  }
  const scheduledEventId = 'scheduledEventId' in event.attributes ? event.attributes.scheduledEventId : undefined;
  const activity = scheduledEventId === undefined ? undefined : activities.get(scheduledEventId);
  return activity === undefined ? event.eventType : `${event.eventType} ${activity}`;
}
