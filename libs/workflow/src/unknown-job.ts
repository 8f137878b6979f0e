/** Where a switch over jobs ends: the host is newer than this code. @throws Error always */
export function unknownJob(job: never): never {
  throw new Error(`This version does not know the job ${JSON.stringify(job)}.`);
}
