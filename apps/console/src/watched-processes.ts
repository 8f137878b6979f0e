import type { WatchedProcess } from './home/overview.service.js';

/**
 * The processes of `name=URL` entries, after the orchestrator.
 * @throws TypeError for an entry that is none
 */
export function watchedProcesses(controlUrl: string, entries: readonly string[]): WatchedProcess[] {
  const named = entries.map((entry) => {
    const [, name, url] = /^([\w-]+)=(https?:\/\/.+)$/.exec(entry) ?? [];
    if (name === undefined || url === undefined || !URL.canParse(url)) throw new TypeError('STACK_HEALTH_URLS holds name=URL, with commas between.');
    return { name, url: url.replace(/\/+$/, '') };
  });
  return [{ name: 'orchestrator', url: controlUrl }, ...named];
}
