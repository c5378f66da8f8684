/**
 * What every MetadataStore adapter promises, as tests. An adapter is added by a line in `metadata-store.test.ts`; one over a
 * network gives each store a name space of its own.
 */
import { conformanceOfCommits } from './metadata-store-commits.conformance.ts';
import { conformanceOfReads } from './metadata-store-reads.conformance.ts';
import type { StartStore } from './metadata-store-subject.conformance.ts';

export function metadataStoreConformance(name: string, start: StartStore): void {
  conformanceOfReads(name, start);
  conformanceOfCommits(name, start);
}
