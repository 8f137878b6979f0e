export type { Clock } from './ports/clock.js';
export type { Dispatch, Dispatcher } from './ports/dispatcher.js';
export type { AppendResult, AttemptRecord, HistoryStore, RunAppend, RunRecord, StoredRun } from './ports/history-store.js';
export type { Ids } from './ports/ids.js';
export type { Sandbox } from './ports/sandbox.js';
export type { EngineObserver, EngineOptions, EnginePorts } from './engine-options.js';
export type { EngineSurface } from './engine-surface.js';
