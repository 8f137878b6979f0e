/**
 * A message whose fields of bytes are `Uint8Array`s, as they are in workflow code: in Node, protobufjs makes them of `Buffer`, which is another thing to JSON and to
 * comparisons. Changes the message itself.
 */
export function withPlainBytes<Message>(message: Message): Message {
  return plain(message) as Message;
}

function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return value instanceof Uint8Array && value.constructor !== Uint8Array ? new Uint8Array(value) : value;
  for (const [key, item] of Object.entries(value)) {
    const changed = plain(item);
    if (changed !== item) (value as Record<string, unknown>)[key] = changed;
  }
  return value;
}
