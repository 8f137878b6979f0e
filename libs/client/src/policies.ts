import type { WorkflowUpdateStage as UpdateStage } from '@backstitch/protocol';

/** How far an update has come. */
export const WorkflowUpdateStage = { ACCEPTED: 'ACCEPTED', COMPLETED: 'COMPLETED' } as const satisfies Record<UpdateStage, UpdateStage>;
export type WorkflowUpdateStage = UpdateStage;

/** In which states a workflow is not to be asked. NOT_OPEN: closed. NOT_COMPLETED_CLEANLY: closed otherwise than completed or continued as new. */
export const QueryRejectCondition = { NONE: 'NONE', NOT_OPEN: 'NOT_OPEN', NOT_COMPLETED_CLEANLY: 'NOT_COMPLETED_CLEANLY' } as const;
export type QueryRejectCondition = (typeof QueryRejectCondition)[keyof typeof QueryRejectCondition];
