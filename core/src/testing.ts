/** The second door of core, for tests only: the conformance suites and what they share. It needs vitest; no role imports it. */
export { type TransportUnderTest, transportConformance } from './ports/transport.conformance.ts';
export * from './ports/transport-samples.conformance.ts';
