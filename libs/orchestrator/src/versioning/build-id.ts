import { createHash } from 'node:crypto';
import type { WorkflowBundle } from '@backstitch/sandbox';

/** Of a sandbox that does not tell what it runs. */
export const UNKNOWN_BUILD = 'unknown';
const DIGEST_CHARACTERS = 12;

/** Names a bundle by its workflows' code: the same code, the same name. What runs it is no part of it, since old histories replay on every later version. */
export function buildIdOf(bundle: Pick<WorkflowBundle, 'code' | 'sharedCode'> | undefined): string {
  return bundle === undefined ? UNKNOWN_BUILD : createHash('sha256').update(bundle.code).update('\0').update(bundle.sharedCode).digest('hex').slice(0, DIGEST_CHARACTERS);
}

/** What a type's runs do when another build becomes current. Temporal's names. */
export type VersioningBehavior = 'PINNED' | 'AUTO_UPGRADE';

/** Which types' runs stay with their build: by the orchestrator's options, else as the code says, else none. */
export function pinningOf(bundle: Pick<WorkflowBundle, 'pinnedWorkflowTypes'> | undefined, overrides: Readonly<Record<string, VersioningBehavior>>): (workflowType: string) => boolean {
  const declared = new Set(bundle?.pinnedWorkflowTypes ?? []);
  const given = new Map(Object.entries(overrides));
  return (workflowType) => (given.get(workflowType) ?? given.get('*') ?? (declared.has(workflowType) ? 'PINNED' : 'AUTO_UPGRADE')) === 'PINNED';
}
