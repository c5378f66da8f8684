/** Messages as the in-memory network sees them: copied, so that two processes never share memory, and measured. */

/** A deep copy. Views are copied alone, not with the buffer they look into. */
export function copyMessage<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(copy);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, copy(field)]));
}

/** About as many bytes as the message takes on a wire. */
export function messageBytes(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, field) => sum + messageBytes(field), 0);
}
