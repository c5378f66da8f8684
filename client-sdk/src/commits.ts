/**
 * Changes of the namespace. Each is sent under a commit id of the session until it is answered, so it takes effect exactly once
 * (CONTRACT.md, promise 6).
 */
import { type CommitRequest, type CommitResponse, hasCode } from '@cairn/core';
import type { MetadataChannel } from './metadata-channel.ts';
import type { CommitTicket, Session } from './session.ts';
import type { SessionKeeper } from './session-keeper.ts';

export type Change = Pick<CommitRequest, 'putObject' | 'deleteObject' | 'createBucket' | 'deleteBucket'>;

/** How often a change that needs nothing of its session is tried in a new one. */
const SESSIONS_MAX = 3;

export class Commits {
  readonly #metadata: MetadataChannel;
  readonly #sessions: SessionKeeper;

  constructor(metadata: MetadataChannel, sessions: SessionKeeper) {
    this.#metadata = metadata;
    this.#sessions = sessions;
  }

  /**
   * Sends a change that belongs to its session. The caller ends the ticket.
   * @throws SESSION_NOT_FOUND when it certainly did not take effect because the session is gone; UNAVAILABLE or DEADLINE_EXCEEDED when its
   * outcome is unknown; what the change itself is refused with.
   */
  async commit(session: Session, ticket: CommitTicket, change: Change): Promise<CommitResponse> {
    const request: CommitRequest = {
      sessionId: session.id,
      commitId: ticket.id,
      settledCounter: session.settle(),
      ...change,
    };
    try {
      return await this.#metadata.call('MetadataServer.Commit', request);
    } catch (error) {
      if (hasCode(error, 'SESSION_NOT_FOUND') || hasCode((error as Error).cause, 'SESSION_NOT_FOUND')) {
        this.#sessions.lost(session);
      }
      throw error;
    }
  }

  /** Sends a change that any session can make: in another one if the leader has closed this one. */
  async commitAnywhere(change: Change): Promise<CommitResponse> {
    for (let tries = 1; ; tries++) {
      const session = this.#sessions.current ?? (await this.#sessions.ready());
      const ticket = session.beginCommit();
      try {
        return await this.commit(session, ticket, change);
      } catch (error) {
        if (tries === SESSIONS_MAX || !hasCode(error, 'SESSION_NOT_FOUND')) throw error;
      } finally {
        session.endCommit(ticket);
      }
    }
  }
}
