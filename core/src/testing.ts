/** The second door of core, for tests only: the in-memory ports and the conformance suites. It needs vitest; no role imports it. */
export { VirtualClock, type VirtualClockOptions } from './memory/clock.ts';
export { MemoryDisk, type MemoryDiskOptions, type PowerCutOptions } from './memory/disk.ts';
export { ANY, type LinkFaults, MemoryNetwork, type MemoryNetworkOptions } from './memory/network.ts';
export { SeededRandom } from './memory/random.ts';
export { type ClockUnderTest, clockConformance } from './ports/clock.conformance.ts';
export { type DiskUnderTest, diskConformance } from './ports/disk.conformance.ts';
export { randomConformance } from './ports/random.conformance.ts';
export { type TransportUnderTest, transportConformance } from './ports/transport.conformance.ts';
export * from './ports/transport-samples.conformance.ts';
