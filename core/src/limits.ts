/**
 * Every bound of the system, in one place. Units stand last in each name. The relations between them are asserted when this
 * module loads, so a change that breaks one does not start.
 */
import { invariant } from './invariant.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export const LIMITS = {
  /** What one checksum covers, on disk and on the wire. */
  blockBytes: 64 * KIB,
  /** How an object is cut; the last chunk is shorter. */
  chunkBytesDefault: 8 * MIB,
  chunkBytesMax: 16 * MIB,
  /** Chunks up to this size travel packed on the gRPC stream, larger ones on the bulk lane when there is one. */
  packedPayloadBytesMax: 64 * KIB,
  /** What a reader asks for at once. A whole number of blocks. */
  readBytes: 1 * MIB,
  /** Sum of the packed frames in one gRPC message, unless a single frame is larger. */
  packetBytesTarget: 256 * KIB,
  /** A gRPC message or a bulk body larger than this is refused unread. */
  messageBytesMax: 17 * MIB,
  /** HTTP/2 flow-control windows of stream and session, both directions (DESIGN.md section 7). */
  http2WindowBytes: 16 * MIB,

  /** S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
  keyBytesMax: 1024,
  bucketNameLengthMin: 3,
  bucketNameLengthMax: 63,
  userMetadataBytesMax: 2 * KIB,
  attributesBytesMax: 8 * KIB,
  /** S3's limit of one PUT; the SDK's streams share it until manifests have pages. */
  objectPutBytesMax: 5 * GIB,
  /** Chunk references in one manifest. */
  manifestChunksMax: 8192,
  listEntriesMax: 1000,
  bucketsMax: 100_000,
  deleteObjectsKeysMax: 1000,

  /** Requests one gateway works on at once; more are told to slow down. */
  gatewayRequestsInFlightMax: 1024,
  /** Connections one gateway keeps open. */
  gatewayConnectionsMax: 8192,
  /** Start line and headers of one HTTP request. */
  httpHeaderBytesMax: 32 * KIB,
  /** Bodies up to this are gathered in one buffer; larger ones pass in pieces. */
  gatewaySmallBodyBytes: 64 * KIB,
  /** XML that a client sends. */
  xmlBodyBytesMax: 2 * MIB,

  /** Bytes of chunk bodies one storage node holds in memory before senders wait. */
  nodeInflightBytes: 64 * MIB,
  /** Bytes of buffers for bodies that a listener of the bulk lane keeps for the next ones. */
  bulkBuffersKeptBytes: 32 * MIB,
  /** Bytes of buffers for chunk reads that a storage node keeps for the next ones. */
  nodeReadBuffersKeptBytes: 16 * MIB,
  /** Bytes of chunk bodies one SDK client holds for writing, over all its puts. */
  clientWriteBytes: 64 * MIB,
  /** Bytes of pieces one SDK client prefetches for reading, over all its gets. */
  clientReadBytes: 64 * MIB,
  /** Chunks of one put in flight at once. */
  putChunksInFlight: 3,
  /** Pieces of one get in flight at once. */
  getPiecesInFlight: 4,
  /** Calls one peer may have waiting on one connection. */
  callsInFlightMax: 4096,
  /** Commands in one metadata commit. */
  commandsPerCommitMax: 512,
  commandsQueuedMax: 16_384,
  /** Open sessions of writers. */
  sessionsMax: 10_000,
  /** Failure reports in one message. */
  reportsMax: 256,
  volumesPerLookupMax: 1024,

  volumeBytesDefault: 4 * GIB,
  volumeBytesMin: 1 * MIB,
  /** A volume is at most this share of a node's capacity. */
  volumeShareOfNode: 1 / 100,
  /** Disk-full lines, as shares of a node's capacity (CONTRACT.md). */
  diskWarnShare: 0.7,
  diskNoRebalanceInShare: 0.85,
  diskReadOnlyShare: 0.95,

  /** A cluster secret or secret key shorter than this is refused. */
  secretLengthMin: 16,
} as const;

invariant(LIMITS.chunkBytesDefault <= LIMITS.chunkBytesMax, 'the default chunk fits the largest chunk');
invariant(LIMITS.chunkBytesMax % LIMITS.blockBytes === 0, 'a chunk is a whole number of blocks');
invariant(LIMITS.readBytes % LIMITS.blockBytes === 0, 'a read is a whole number of blocks');
invariant(LIMITS.chunkBytesMax + LIMITS.blockBytes < LIMITS.messageBytesMax, 'the largest chunk fits a message');
invariant(LIMITS.clientWriteBytes >= 2 * LIMITS.chunkBytesMax, 'two of the largest chunks fit the write budget');
invariant(LIMITS.nodeInflightBytes >= 2 * LIMITS.chunkBytesMax, 'two of the largest chunks fit a node');
invariant(
  LIMITS.objectPutBytesMax / LIMITS.chunkBytesDefault <= LIMITS.manifestChunksMax,
  'the largest put fits one manifest',
);
