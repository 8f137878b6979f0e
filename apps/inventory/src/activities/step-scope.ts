import { createStepScope } from '@backstitch/activity';
import { toApplicationFailure } from './to-application-failure.js';

export const { runStep, runUndo } = createStepScope(toApplicationFailure);
