import type { RunAppend } from '@backstitch/engine';
import type { ActivityJob, HistoryEvent } from '@backstitch/protocol';

const PARTS_SHOWN_MAX = 4;

/** Names that stay the same for the same course of things, whatever else happens, and that a reader of the workflow recognises. */
export class Names {
  readonly #activities = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  /** Of scheduling events. */
  readonly #scheduled = new Map<string, string>();

  /** An activity of a run: its type, and from the second one of that type on a number. */
  ofActivity(runId: string, activityType: string, activityId: string): string {
    // The type too: what was about to be scheduled and was not committed may leave its number to another one.
    const key = `${runId}/${activityId}/${activityType}`;
    let name = this.#activities.get(key);
    if (name === undefined) {
      const count = (this.#counts.get(activityType) ?? 0) + 1;
      this.#counts.set(activityType, count);
      name = count === 1 ? activityType : `${activityType}-${count}`;
      this.#activities.set(key, name);
    }
    return name;
  }

  ofJob({ runId, activityType, activityId }: ActivityJob): string {
    return this.ofActivity(runId, activityType, activityId);
  }

  /** What a commit records. */
  ofCommit(appends: readonly RunAppend[]): string {
    const parts = appends.flatMap(({ record: { runId }, events, upsertAttempts }) => {
      const told = events.flatMap((event) => this.#ofEvent(runId, event) ?? []);
      return told.length > 0 ? told : upsertAttempts.map(({ scheduledEventId, attempt }) => `${this.#scheduled.get(`${runId}/${scheduledEventId}`) ?? scheduledEventId} attempt ${attempt}`);
    });
    if (parts.length === 0) {
      return 'nothing new';
    }
    const shown = parts.slice(0, PARTS_SHOWN_MAX).join(', ');
    return parts.length > PARTS_SHOWN_MAX ? `${shown} and ${parts.length - PARTS_SHOWN_MAX} more` : shown;
  }

  #ofEvent(runId: string, event: HistoryEvent): string | undefined {
    const { eventType, attributes } = event as { eventType: string; attributes: Record<string, unknown> };
    if (eventType.startsWith('WORKFLOW_TASK_') || eventType === 'ACTIVITY_TASK_STARTED' || eventType === 'UPSERT_WORKFLOW_SEARCH_ATTRIBUTES') {
      return undefined;
    }
    const words = eventType.toLowerCase().replaceAll('_', ' ');
    if (eventType === 'ACTIVITY_TASK_SCHEDULED') {
      const name = this.ofActivity(runId, attributes['activityType'] as string, attributes['activityId'] as string);
      this.#scheduled.set(`${runId}/${event.eventId}`, name);
      return `${name} scheduled`;
    }
    if (eventType.startsWith('ACTIVITY_TASK_')) {
      return `${this.#scheduled.get(`${runId}/${attributes['scheduledEventId'] as number}`) ?? 'activity'} ${words.slice('activity task '.length)}`;
    }
    if (eventType === 'WORKFLOW_EXECUTION_SIGNALED') {
      return `signal ${attributes['signalName'] as string}`;
    }
    return words.replace('workflow execution ', 'workflow ');
  }
}
