import type { DataSource } from 'typeorm';
import { apiKeyIdOf, newApiKeyToken, tokenSha256 } from './api-key-token.js';
import type { Role } from './roles.js';

/** The token that was given is not of the form `bsk_<id>_<secret>`. Does not repeat it. */
export class ApiKeyTokenInvalidError extends Error {
  override readonly name = 'ApiKeyTokenInvalidError';
  readonly code = 'API_KEY_TOKEN_INVALID';
  constructor() {
    super('An API key looks like bsk_<16 hex digits>_<43 letters, digits, dashes and underscores>.');
  }
}

/** There is an API key of that id with another secret or role. */
export class ApiKeyTakenError extends Error {
  override readonly name = 'ApiKeyTakenError';
  readonly code = 'API_KEY_TAKEN';
  constructor(readonly id: string) {
    super(`The id ${id} belongs to another key: it has another secret or role.`);
  }
}

/**
 * Stores a new API key, of which only the hash is kept.
 * @param given a token made elsewhere; stored again it changes nothing, and a revoked one stays revoked
 * @throws {ApiKeyTokenInvalidError} {@link ApiKeyTakenError}
 * @returns the token, which cannot be read again
 */
export async function createApiKey(dataSource: DataSource, role: Role, name: string, given?: string): Promise<string> {
  const id = given === undefined ? undefined : apiKeyIdOf(given);
  if (given !== undefined && id === undefined) throw new ApiKeyTokenInvalidError();
  const key = given === undefined || id === undefined ? newApiKeyToken() : { id, token: given, tokenSha256: tokenSha256(given) };
  const stored: { same: boolean }[] = await dataSource.query(
    `WITH made AS (
       INSERT INTO gateway.api_key (id, token_sha256, role, name) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING RETURNING id
     )
     SELECT token_sha256 = $2 AND role = $3 AS same FROM gateway.api_key WHERE id = $1`,
    [key.id, key.tokenSha256, role, name],
  );
  // The statement does not see the row that it made itself.
  if (stored.some(({ same }) => !same)) throw new ApiKeyTakenError(key.id);
  return key.token;
}
