import { createHmac, timingSafeEqual } from 'node:crypto';
import { InvalidRequestError } from './errors.js';

/** What a task token names: one attempt of one activity. */
export interface TaskTokenAddress {
  workflowId: string;
  runId: string;
  activityId: string;
  /** From 1. */
  attempt: number;
}

/** A shorter secret could be guessed. */
export const TASK_TOKEN_SECRET_CHARACTERS_MIN = 16;

const VERSION = 1;
const MAC_BYTES = 32;
const TOKEN_BYTES_MAX = 4_096;

/**
 * The right to complete an attempt from outside, as bytes: whose attempt it is, behind a seal (HMAC-SHA256) that nobody can make without the secret. It is a
 * bearer's right, so it belongs into no log and no URL.
 */
export function makeTaskToken(secret: string, { workflowId, runId, activityId, attempt }: TaskTokenAddress): Uint8Array {
  const address = Buffer.from(JSON.stringify([VERSION, workflowId, runId, activityId, attempt]), 'utf8');
  return Uint8Array.from(Buffer.concat([sealOf(secret, address), address]));
}

/** A task token as text: base64. */
export function taskTokenText(token: Uint8Array | string): string {
  return typeof token === 'string' ? token : Buffer.from(token.buffer, token.byteOffset, token.byteLength).toString('base64');
}

/**
 * What a token names, NOT knowing whether it is genuine: enough to find who can tell.
 * @throws InvalidRequestError if it is no token at all
 */
export function readTaskToken(token: Uint8Array | string): TaskTokenAddress {
  return addressOf(bytesOf(token).subarray(MAC_BYTES));
}

/** What a genuine token names. @throws InvalidRequestError if it is none */
export function verifyTaskToken(secret: string, token: Uint8Array | string): TaskTokenAddress {
  const bytes = bytesOf(token);
  const address = bytes.subarray(MAC_BYTES);
  if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), sealOf(secret, address))) throw noToken();
  return addressOf(address);
}

function sealOf(secret: string, address: Uint8Array): Buffer {
  return createHmac('sha256', secret).update('backstitch task token\n').update(address).digest();
}

function bytesOf(token: Uint8Array | string): Buffer {
  // Both alphabets of base64 are read.
  const bytes = typeof token === 'string' ? Buffer.from(token.slice(0, 2 * TOKEN_BYTES_MAX), 'base64') : Buffer.from(token);
  if (bytes.length <= MAC_BYTES || bytes.length > TOKEN_BYTES_MAX) throw noToken();
  return bytes;
}

function addressOf(bytes: Uint8Array): TaskTokenAddress {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw noToken();
  }
  const [version, workflowId, runId, activityId, attempt] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (version !== VERSION || typeof workflowId !== 'string' || typeof runId !== 'string' || typeof activityId !== 'string' || !Number.isSafeInteger(attempt)) throw noToken();
  return { workflowId, runId, activityId, attempt: attempt as number };
}

function noToken(): InvalidRequestError {
  return new InvalidRequestError('/taskToken', 'is no task token of this deployment');
}
