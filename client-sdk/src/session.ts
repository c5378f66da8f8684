/**
 * A writer's session as the writer sees it: what it was granted, and the ids it makes. Its counter never repeats a value, so no
 * chunk or version id is used twice; a session that is gone never comes back.
 */
import {
  type ChunkId,
  chunkId,
  type OpenSessionResponse,
  type SessionId,
  type VersionId,
  type VolumeId,
  type VolumeLocation,
  versionId,
} from '@cairn/core';

/** A commit that may still be sent or repeated. */
export interface CommitTicket {
  readonly id: VersionId;
  readonly counter: number;
}

/**
 * How far a commit that waits for its body may lie behind: the leader keeps the results of all commits after the oldest that is not
 * settled, in memory, and a body can take hours.
 */
const WAITING_LAG_MAX = 16_384;

export class Session {
  readonly id: SessionId;
  readonly writeQuorum: number;
  readonly chunkBytes: number;
  readonly quorumExtraWaitMs: number;
  /** Authorises chunk writes of this session and all chunk reads at storage nodes. */
  token: string;
  #grants: readonly VolumeLocation[];
  /** Volumes that refused or failed, with the renewal that was the last to start before: its grants may not know of it yet. */
  readonly #avoided = new Map<VolumeId, number>();
  #renewals = 0;
  #isGone = false;
  #counter = 0;
  /** By counter. `waiting`: reserved for a commit that was not sent yet. */
  readonly #unanswered = new Map<number, 'waiting' | 'sent'>();

  constructor(opened: OpenSessionResponse) {
    this.id = opened.sessionId;
    this.writeQuorum = opened.writeQuorum;
    this.chunkBytes = opened.chunkBytes;
    this.quorumExtraWaitMs = opened.quorumExtraWaitMs;
    this.token = opened.token;
    this.#grants = opened.grants;
  }

  /** Volumes to write to, preferred ones first. */
  get grants(): readonly VolumeLocation[] {
    return this.#grants;
  }

  /** true once the leader has closed it: nothing it wrote can be committed any more. */
  get isGone(): boolean {
    return this.#isGone;
  }

  end(): void {
    this.#isGone = true;
  }

  /** @returns The renewal's number, for `renewed`. */
  beginRenewal(): number {
    this.#renewals += 1;
    return this.#renewals;
  }

  renewed(renewal: number, answer: { token: string; grants: readonly VolumeLocation[] }): void {
    this.token = answer.token;
    for (const [volumeId, startedBefore] of this.#avoided) if (startedBefore < renewal) this.#avoided.delete(volumeId);
    this.#grants = answer.grants.filter((grant) => !this.#avoided.has(grant.volumeId));
  }

  /** Writes no more to the volume until a renewal that starts from now on grants it again. */
  avoid(volumeId: VolumeId): void {
    this.#avoided.set(volumeId, this.#renewals);
    this.#grants = this.#grants.filter((grant) => grant.volumeId !== volumeId);
  }

  newChunkId(): ChunkId {
    this.#counter += 1;
    return chunkId(this.id, this.#counter);
  }

  /** For a commit that is sent at once. */
  beginCommit(): CommitTicket {
    return this.#newTicket('sent');
  }

  /** For a commit that is sent once its body is safe; `ticketToSend` must be asked then. */
  reserveCommit(): CommitTicket {
    return this.#newTicket('waiting');
  }

  /** @returns The reserved ticket, or a fresh one when the session has meanwhile settled beyond it. */
  ticketToSend(reserved: CommitTicket): CommitTicket {
    if (!this.#unanswered.has(reserved.counter)) return this.beginCommit();
    this.#unanswered.set(reserved.counter, 'sent');
    return reserved;
  }

  /** The commit was answered, or will never be sent again. */
  endCommit(ticket: CommitTicket): void {
    this.#unanswered.delete(ticket.counter);
  }

  /** Every commit with a counter up to this one has been answered, or will never be sent. */
  settle(): number {
    // A map remembers the order of insertion, so the first is the smallest.
    for (const [oldest, state] of this.#unanswered) {
      if (state === 'sent' || this.#counter - oldest <= WAITING_LAG_MAX) return oldest - 1;
      this.#unanswered.delete(oldest);
    }
    return this.#counter;
  }

  #newTicket(state: 'waiting' | 'sent'): CommitTicket {
    this.#counter += 1;
    this.#unanswered.set(this.#counter, state);
    return { id: versionId(this.id, this.#counter), counter: this.#counter };
  }
}
