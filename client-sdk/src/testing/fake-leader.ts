/** A metadata server that keeps everything in maps. It answers as the real one does, as far as a client can tell. */
import {
  CairnError,
  type CommitRequest,
  type CommitResponse,
  type Endpoint,
  type HandlersOf,
  type ListObjectsRequest,
  type ListObjectsResponse,
  type MethodName,
  type ObjectVersion,
  type Precondition,
  type PutObject,
  parseSessionId,
  parseVolumeId,
  type ReplicaFailure,
  type ReportChunkRequest,
  type SessionId,
  type VolumeId,
  type VolumeLocation,
} from '@cairn/core';
import type { FakeNode } from './fake-node.ts';

type Method = keyof HandlersOf<'MetadataServer'>;
interface Volume {
  nodes: readonly FakeNode[];
  isOpen: boolean;
}

export class FakeLeader {
  readonly nodes: readonly FakeNode[];
  readonly objects = new Map<string, ObjectVersion>();
  readonly buckets = new Map<string, number>();
  readonly volumes = new Map<VolumeId, Volume>();
  readonly sessions = new Set<SessionId>();
  readonly results = new Map<string, CommitResponse>();
  readonly failures: ReplicaFailure[] = [];
  readonly reports: ReportChunkRequest[] = [];
  /** Every commit that arrived, repeated ones included. */
  readonly commits: CommitRequest[] = [];
  readonly calls = new Map<Method, number>();
  /** Called before each call; may throw. */
  onCall: (method: Method) => void | Promise<void> = () => undefined;
  /** Called after each call took effect; if it throws, the answer is lost. */
  onAnswer: (method: Method) => void | Promise<void> = () => undefined;
  chunkBytes = 8 * 1024 * 1024;
  quorumExtraWaitMs = 250;
  openVolumes = 2;
  /** How many replicas a new volume gets, of the nodes that are alive. */
  replicas = 3;
  #lastSession = 0;
  #lastVolume = 0;
  #clockMs = 1_700_000_000_000;

  constructor(nodes: readonly FakeNode[]) {
    this.nodes = nodes;
  }

  countOf(method: Method): number {
    return this.calls.get(method) ?? 0;
  }

  get handlers(): Partial<HandlersOf<'MetadataServer'>> {
    return {
      OpenSession: this.#wrap('OpenSession', async () => this.#openSession()),
      RenewSession: this.#wrap('RenewSession', async ({ sessionId, failures }) => {
        if (!this.sessions.has(sessionId)) throw new CairnError('SESSION_NOT_FOUND');
        this.failures.push(...failures);
        for (const { volumeId } of failures) this.seal(volumeId);
        return { ttlMs: 60_000, token: `token-${sessionId}`, grants: this.#grants() };
      }),
      CloseSession: this.#wrap('CloseSession', async ({ sessionId }) => {
        this.sessions.delete(sessionId);
        return {};
      }),
      Commit: this.#wrap('Commit', async (request) => this.#commit(request)),
      GetObject: this.#wrap('GetObject', async ({ bucket, key, headOnly }) => {
        if (!this.buckets.has(bucket)) throw new CairnError('BUCKET_NOT_FOUND');
        const version = this.objects.get(`${bucket}/${key}`);
        if (version === undefined) throw new CairnError('OBJECT_NOT_FOUND');
        return { version: headOnly ? { ...version, chunks: [] } : version };
      }),
      ListObjects: this.#wrap('ListObjects', async (request) => this.#list(request)),
      GetBucket: this.#wrap('GetBucket', async ({ bucket }) => {
        const createdMs = this.buckets.get(bucket);
        if (createdMs === undefined) throw new CairnError('BUCKET_NOT_FOUND');
        return { name: bucket, createdMs };
      }),
      ListBuckets: this.#wrap('ListBuckets', async () => ({
        buckets: [...this.buckets].map(([name, createdMs]) => ({ name, createdMs })),
      })),
      LookupVolumes: this.#wrap('LookupVolumes', async ({ volumeIds }) => ({
        volumes: volumeIds.filter((id) => this.volumes.has(id)).map((id) => this.location(id)),
      })),
      ReportChunk: this.#wrap('ReportChunk', async (request) => {
        this.reports.push(request);
        return {};
      }),
    };
  }

  seal(volumeId: VolumeId): void {
    const volume = this.volumes.get(volumeId);
    if (volume === undefined) return;
    volume.isOpen = false;
    for (const node of volume.nodes) node.sealed.add(volumeId);
  }

  location(volumeId: VolumeId): VolumeLocation {
    const { nodes } = this.volumes.get(volumeId) as Volume;
    const replicas = nodes.map(({ id, endpoint, state, domain }) => {
      return { nodeId: id, endpoint: endpoint as Endpoint, state, domain };
    });
    return { volumeId, generation: 1, replicas };
  }

  #wrap<N extends Method>(name: N, handle: HandlersOf<'MetadataServer'>[N]): HandlersOf<'MetadataServer'>[N] {
    const wrapped = async (request: never, context: never) => {
      this.calls.set(name, this.countOf(name) + 1);
      await this.onCall(name);
      const answer = await (handle as (request: never, context: never) => Promise<unknown>)(request, context);
      await this.onAnswer(name);
      return answer;
    };
    return wrapped as unknown as HandlersOf<'MetadataServer'>[N];
  }

  #openSession() {
    const sessionId = parseSessionId(++this.#lastSession);
    this.sessions.add(sessionId);
    const { chunkBytes, quorumExtraWaitMs } = this;
    const fixed = { replicas: 3, writeQuorum: 2, chunkBytes, quorumExtraWaitMs, ttlMs: 60_000 };
    return { sessionId, token: `token-${sessionId}`, grants: this.#grants(), ...fixed };
  }

  #grants(): VolumeLocation[] {
    const isGood = ({ isOpen, nodes }: Volume) => isOpen && nodes.every(({ state }) => state === 'alive');
    const open = () => [...this.volumes].filter(([, volume]) => isGood(volume)).map(([id]) => id);
    while (open().length < this.openVolumes && this.#makeVolume());
    return open().map((id) => this.location(id));
  }

  #makeVolume(): boolean {
    const nodes = this.nodes.filter(({ state }) => state === 'alive').slice(0, this.replicas);
    if (nodes.length < 2) return false;
    const id = parseVolumeId(++this.#lastVolume);
    this.volumes.set(id, { nodes, isOpen: true });
    for (const node of nodes) node.volumes.set(id, new Map());
    return true;
  }

  #commit(request: CommitRequest): CommitResponse {
    this.commits.push(request);
    const recorded = this.results.get(request.commitId);
    if (recorded !== undefined) return recorded;
    if (!this.sessions.has(request.sessionId)) throw new CairnError('SESSION_NOT_FOUND');
    const existed = this.#apply(request);
    const result = { lastModifiedMs: ++this.#clockMs, existed };
    this.results.set(request.commitId, result);
    return result;
  }

  #apply({ commitId, putObject, deleteObject, createBucket, deleteBucket }: CommitRequest): boolean {
    if (putObject) return this.#putObject(commitId, putObject);
    if (deleteObject) {
      const name = `${deleteObject.bucket}/${deleteObject.key}`;
      this.#check(name, deleteObject.precondition);
      return this.objects.delete(name);
    }
    if (createBucket) {
      if (this.buckets.has(createBucket.bucket)) throw new CairnError('BUCKET_ALREADY_EXISTS');
      this.buckets.set(createBucket.bucket, this.#clockMs);
    }
    if (deleteBucket && !this.buckets.delete(deleteBucket.bucket)) throw new CairnError('BUCKET_NOT_FOUND');
    return false;
  }

  #putObject(versionId: CommitRequest['commitId'], put: PutObject): boolean {
    if (!this.buckets.has(put.bucket)) throw new CairnError('BUCKET_NOT_FOUND');
    const name = `${put.bucket}/${put.key}`;
    this.#check(name, put.precondition);
    const { bytes, etag, headers, userMetadata, chunks } = put;
    const lastModifiedMs = this.#clockMs + 1;
    this.objects.set(name, { versionId, lastModifiedMs, bytes, etag, headers, userMetadata, chunks });
    return false;
  }

  #check(name: string, { ifMatch, ifNoneMatch }: Precondition): void {
    const etag = this.objects.get(name)?.etag;
    const matches = (wanted: string) => etag !== undefined && (wanted === '*' || wanted === etag);
    if ((ifMatch !== '' && !matches(ifMatch)) || (ifNoneMatch !== '' && matches(ifNoneMatch))) {
      throw new CairnError('PRECONDITION_FAILED');
    }
  }

  #list({ bucket, prefix, delimiter, startAfter, startAfterPrefix, limit }: ListObjectsRequest): ListObjectsResponse {
    const page: ListObjectsResponse = {
      objects: [],
      commonPrefixes: [],
      nextStartAfter: '',
      nextStartAfterPrefix: false,
    };
    const names = [...this.objects.keys()].filter((name) => name.startsWith(`${bucket}/`));
    const keys = names
      .map((name) => name.slice(bucket.length + 1))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const key of keys) {
      const isBefore = Buffer.compare(Buffer.from(key), Buffer.from(startAfter)) <= 0;
      if (!key.startsWith(prefix) || isBefore || (startAfterPrefix && key.startsWith(startAfter))) continue;
      const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
      const rolled = cut < 0 ? undefined : key.slice(0, cut + delimiter.length);
      if (rolled !== undefined && page.commonPrefixes.at(-1) === rolled) continue;
      if (page.objects.length + page.commonPrefixes.length === limit) return page;
      page.nextStartAfter = rolled ?? key;
      page.nextStartAfterPrefix = rolled !== undefined;
      if (rolled !== undefined) page.commonPrefixes.push(rolled);
      else {
        const { bytes, etag, lastModifiedMs } = this.objects.get(`${bucket}/${key}`) as ObjectVersion;
        page.objects.push({ key, bytes, etag, lastModifiedMs });
      }
    }
    return { ...page, nextStartAfter: '', nextStartAfterPrefix: false };
  }
}

export type FakeLeaderMethod = MethodName & `MetadataServer.${Method}`;
