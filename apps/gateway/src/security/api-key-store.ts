import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../database.js';
import { apiKeyIdOf, tokenMatches } from './api-key-token.js';
import type { Caller, Role } from './roles.js';

interface ApiKeyRow {
  id: string;
  token_sha256: Buffer;
  role: Role;
  name: string;
}

/** A revoked key works for at most this long. */
const CACHE_TTL_MS = 10_000;
const CACHE_ENTRIES_MAX = 10_000;

/** Finds who a token belongs to. Keys that exist are remembered for a short while. */
@Injectable()
export class ApiKeyStore {
  private readonly cache = new Map<string, { row: ApiKeyRow; expiresAtMs: number }>();
  private readonly lookups = new Map<string, Promise<ApiKeyRow | undefined>>();

  constructor(@Inject(Database) private readonly database: Database) {}

  /** @returns undefined if the token is malformed, unknown, revoked or wrong */
  async authenticate(token: string): Promise<Caller | undefined> {
    const id = apiKeyIdOf(token);
    if (id === undefined) return undefined;
    const row = await this.find(id);
    if (!tokenMatches(token, row?.token_sha256) || row === undefined) return undefined;
    return { keyId: row.id, role: row.role, name: row.name };
  }

  private async find(id: string): Promise<ApiKeyRow | undefined> {
    const nowMs = Date.now();
    const cached = this.cache.get(id);
    if (cached !== undefined && cached.expiresAtMs > nowMs) return cached.row;
    this.cache.delete(id);
    // Of a flood of requests with one key a single one asks.
    let lookup = this.lookups.get(id);
    if (lookup === undefined) {
      lookup = this.lookUp(id, nowMs).finally(() => this.lookups.delete(id));
      this.lookups.set(id, lookup);
    }
    return lookup;
  }

  private async lookUp(id: string, nowMs: number): Promise<ApiKeyRow | undefined> {
    const [row] = await this.database.query<ApiKeyRow>(
      'SELECT id, token_sha256, role, name FROM gateway.api_key WHERE id = $1 AND revoked_at IS NULL',
      [id],
    );
    if (row !== undefined) {
      if (this.cache.size >= CACHE_ENTRIES_MAX) this.cache.delete(this.cache.keys().next().value as string);
      this.cache.set(id, { row, expiresAtMs: nowMs + CACHE_TTL_MS });
    }
    return row;
  }
}
