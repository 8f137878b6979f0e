/** What an API key may do: `orders` places orders and sees its own; `operator` may do everything; `viewer` may read everything. */
export const ROLES = ['orders', 'operator', 'viewer'] as const;
export type Role = (typeof ROLES)[number];

/** Whoever sends a request. */
export interface Caller {
  keyId: string;
  role: Role;
  name: string;
}
