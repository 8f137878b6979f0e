/** A decoded form body: strings, and objects for keys with brackets (`metadata[order_id]=42`). */
export interface FormBody {
  [key: string]: string | FormBody;
}

/** A body with more pairs than this is refused. */
const PAIRS_MAX = 200;

/**
 * Decodes `application/x-www-form-urlencoded` with keys nested in brackets, as Stripe's clients send it.
 * Array indices (`expand[0]`) become keys of an object. Later pairs replace earlier ones.
 * @throws RangeError for more than 200 pairs
 */
export function parseFormBody(text: string): FormBody {
  const body: FormBody = emptyBody();
  let pairs = 0;
  for (const [name, value] of new URLSearchParams(text)) {
    pairs += 1;
    if (pairs > PAIRS_MAX) throw new RangeError(`A body has at most ${PAIRS_MAX} fields.`);
    assign(body, pathOf(name), value);
  }
  return body;
}

/** The same text for the same fields, whatever their order: what an idempotency key is compared by. */
export function canonicalForm(body: FormBody): string {
  return JSON.stringify(
    Object.keys(body)
      .sort()
      .map((key) => {
        const value = body[key];
        return [key, typeof value === 'object' ? canonicalForm(value) : value];
      }),
  );
}

function pathOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open === -1) return [name];
  return [name.slice(0, open), ...[...name.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

function assign(body: FormBody, path: string[], value: string): void {
  let target = body;
  for (const key of path.slice(0, -1)) {
    const next = target[key];
    if (typeof next === 'object') {
      target = next;
    } else {
      const created = emptyBody();
      target[key] = created;
      target = created;
    }
  }
  target[path[path.length - 1] ?? ''] = value;
}

/** Without a prototype, so that no key can reach one. */
function emptyBody(): FormBody {
  return Object.create(null) as FormBody;
}
