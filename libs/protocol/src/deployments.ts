/** A build of the workflows' code. */
export interface BuildSummary {
  buildId: string;
  /** New runs begin with it, and runs that are not pinned go on with it. */
  isCurrent: boolean;
  /** It was made the current one by a person; else the newest that started is. */
  isSet: boolean;
  /** Orchestrators that run it. */
  replicas: number;
  /** Open runs that no other build goes on with. With 0, and unless it is the current one, its replicas can be stopped. */
  openPinnedRuns: number;
  firstSeenAtMs: number;
  lastSeenAtMs: number;
}

/** `GET /v1/deployments`: newest first. */
export interface ListBuildsResponse {
  builds: BuildSummary[];
}

/** `POST /v1/deployments/current`. Answer 204. */
export interface SetCurrentBuildRequest {
  /** Absent: the newest that started, as by default. */
  buildId?: string;
  /** Although no replica runs it. Default false. */
  force?: boolean;
}
