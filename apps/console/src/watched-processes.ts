import type { WatchedProcess } from './home/overview.service.js';

/**
 * The processes of `name=URL` entries, after the orchestrator's replicas.
 * @param controlUrl with several, commas between
 * @throws TypeError for an entry that is none
 */
export function watchedProcesses(controlUrl: string, entries: readonly string[]): WatchedProcess[] {
  const named = entries.map((entry) => {
    const [, name, url] = /^([\w-]+)=(https?:\/\/.+)$/.exec(entry) ?? [];
    if (name === undefined || url === undefined || !URL.canParse(url)) throw new TypeError('STACK_HEALTH_URLS holds name=URL, with commas between.');
    return { name, url: url.replace(/\/+$/, '') };
  });
  const replicas = controlUrl.split(',').map((url, index) => ({ name: index === 0 ? 'orchestrator' : `orchestrator-${index + 1}`, url }));
  return [...replicas, ...named];
}
