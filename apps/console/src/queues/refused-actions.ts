/**
 * What Bull Board offers and the console refuses. A queue holds hints (law L1): taking a job away or trying it again does no harm. Making or
 * changing one by hand would put words into a service's or the engine's mouth.
 */
const REFUSED = [
  { method: 'POST', path: /\/api\/queues\/[^/]+\/add$/ },
  { method: 'PATCH', path: /\/api\/queues\/[^/]+\/[^/]+\/update-data$/ },
  { method: 'PUT', path: /\/api\/queues\/[^/]+\/obliterate$/ },
  { method: 'PATCH', path: /\/api\/queues\/[^/]+\/job-schedulers\// },
  { method: 'PUT', path: /\/api\/queues\/[^/]+\/job-schedulers\// },
];

/** @param url path, perhaps with a query */
export function isRefusedAction(method: string, url: string): boolean {
  const path = url.split('?', 1)[0] ?? url;
  return REFUSED.some((action) => action.method === method && action.path.test(path));
}
