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

const REFUSED_BUTTONS = ['.lucide-files', '.lucide-pencil'];
const REFUSED_MENU_ITEMS = ['.lucide-plus', '.lucide-ban'];

/**
 * Hides them in Bull Board, which has an option for "read-only" and none for single actions. Their buttons bear no name of their own, only an
 * icon: duplicate, update data; add job, obliterate. An end-to-end test looks whether they are still known by it.
 */
export const HIDDEN_ACTIONS_STYLE = [
  ...REFUSED_BUTTONS.flatMap((icon) => [`button:has(> ${icon})`, `li:has(> * > button > ${icon})`]),
  ...REFUSED_MENU_ITEMS.map((icon) => `[role='menuitem']:has(> ${icon})`),
]
  .map((selector) => `${selector} { display: none !important; }\n`)
  .join('');
