/** How many partitions a deployment has unless it says otherwise. Fixed once runs exist. */
export const DEFAULT_PARTITION_COUNT = 64;

/**
 * The partition of a workflow id: FNV-1a (32 bit, Fowler, Noll and Vo) over its UTF-8 bytes, modulo the count.
 */
export function partitionOf(workflowId: string, partitionCount: number = DEFAULT_PARTITION_COUNT): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(workflowId)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0) % partitionCount;
}
