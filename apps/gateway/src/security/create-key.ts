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

/**
 * Stores a new API key, of which only the hash is kept.
 * @param given a token made elsewhere; stored again it changes nothing
 * @returns the token, which cannot be read again
 */
export async function createApiKey(dataSource: DataSource, role: Role, name: string, given?: string): Promise<string> {
  const id = given === undefined ? undefined : apiKeyIdOf(given);
  if (given !== undefined && id === undefined) throw new ApiKeyTokenInvalidError();
  const key = given === undefined || id === undefined ? newApiKeyToken() : { id, token: given, tokenSha256: tokenSha256(given) };
  await dataSource.query(
    `INSERT INTO gateway.api_key (id, token_sha256, role, name) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`,
    [key.id, key.tokenSha256, role, name],
  );
  return key.token;
}
