import type { StartWorkflowRequest } from '@backstitch/protocol';
import { canonicalJson } from './json.js';

/**
 * What tells whether two starts of one workflow id are the same request: the caller's own fingerprint, or else a digest of type and arguments.
 * The digest guards against mistakes, not against somebody who looks for collisions.
 */
export function requestFingerprintOf(request: StartWorkflowRequest): string {
  return request.requestFingerprint ?? digest(canonicalJson([request.workflowType, request.args]));
}

/** Two FNV-like 32-bit lanes, each with a seed and a prime of its own, twice over: 128 bits in hex. */
function digest(text: string): string {
  return lanes(text, 0x811c9dc5, 0x9e3779b9) + lanes(text, 0xc2b2ae35, 0x27d4eb2f);
}

function lanes(text: string, firstSeed: number, secondSeed: number): string {
  let first = firstSeed ^ text.length;
  let second = secondSeed ^ text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    first = Math.imul(first ^ unit, 0x01000193);
    second = Math.imul(second ^ unit ^ (first >>> 15), 0x85ebca6b);
  }
  return hex(avalanche(first ^ (second >>> 7))) + hex(avalanche(second));
}

function avalanche(value: number): number {
  let mixed = value;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return mixed ^ (mixed >>> 16);
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}
