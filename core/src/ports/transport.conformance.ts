/**
 * The suite that every Transport passes, the real one and the in-memory one. It uses a transport as the roles do and knows nothing
 * of how it works; what it shows for one travel class it shows for all.
 */
import { describe } from 'vitest';
import { type TransportUnderTest, workbench } from './transport-bench.conformance.ts';
import { callers } from './transport-callers.conformance.ts';
import { failures, lifecycle } from './transport-failures.conformance.ts';
import { concurrency, messages, tooLarge } from './transport-messages.conformance.ts';

export type { TransportUnderTest } from './transport-bench.conformance.ts';

export function transportConformance(name: string, make: () => Promise<TransportUnderTest>): void {
  const topics = { messages, concurrency, failures, tooLarge, callers, lifecycle };
  describe.each(Object.entries(topics))(`${name}: %s`, (_topic, register) => {
    register(workbench(make));
  });
}
