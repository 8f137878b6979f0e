import { DEFAULT_PARTITION_COUNT, type SearchAttributeDefinitions } from '@backstitch/protocol';
import type { EngineObserver, EngineOptions, EngineVersioning } from './engine-options.js';
import { DEFAULT_HISTORY_LIMITS, type HistoryLimits } from './run/activation.js';

/** The options with nothing left out. */
export interface EngineSettings {
  partitionCount: number;
  taskQueue: string;
  searchAttributes: SearchAttributeDefinitions;
  cachedRunsMax: number;
  batchRunsMax: number;
  concurrentBatchesMax: number;
  waitingMessagesMax: number;
  undoIncidentAfterMs: number;
  forwardIncidentAfterMs: number;
  historyLimits: HistoryLimits;
  driftIsIncident: boolean;
  observer: EngineObserver;
  versioning: EngineVersioning | undefined;
}

export function settingsOf(options: EngineOptions): EngineSettings {
  return {
    partitionCount: options.partitionCount ?? DEFAULT_PARTITION_COUNT,
    taskQueue: options.taskQueue ?? 'default',
    searchAttributes: options.searchAttributes ?? {},
    cachedRunsMax: options.cachedRunsMax ?? 10_000,
    batchRunsMax: options.batchRunsMax ?? 200,
    concurrentBatchesMax: options.concurrentBatchesMax ?? 2,
    waitingMessagesMax: options.waitingMessagesMax ?? 20_000,
    undoIncidentAfterMs: options.undoIncidentAfterMs ?? 600_000,
    forwardIncidentAfterMs: options.forwardIncidentAfterMs ?? 600_000,
    historyLimits: { ...DEFAULT_HISTORY_LIMITS, ...options.historyLimits },
    driftIsIncident: options.driftIsIncident ?? false,
    observer: options.observer ?? {},
    versioning: options.versioning,
  };
}
