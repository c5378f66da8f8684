/**
 * The auditor of the fault scenarios: it remembers what was acknowledged, separately from the load that did it, and says
 * afterwards what is missing or wrong. Each key has one writer at a time.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { bytesOf, sha256 } from './bytes.ts';

/** What a key may hold: the hash of its bytes, or `absent`. */
type Outcome = string;
const ABSENT = 'absent';

interface Entry {
  acknowledged: Outcome;
  /** Outcomes of requests that were sent and never answered with success: each may or may not have taken effect. */
  unknown: Set<Outcome>;
}

export class Ledger {
  readonly bucket: string;
  readonly #entries = new Map<string, Entry>();
  acknowledgedCount = 0;
  failedCount = 0;

  constructor(bucket: string) {
    this.bucket = bucket;
  }

  get keys(): string[] {
    return [...this.#entries.keys()];
  }

  /** @returns Whether it was acknowledged. */
  put(client: S3Client, key: string, seed: string, byteCount: number): Promise<boolean> {
    const body = bytesOf(seed, byteCount);
    return this.#attempt(key, sha256(body), () =>
      client.send(new PutObjectCommand({ Bucket: this.bucket, Key: key, Body: body })),
    );
  }

  delete(client: S3Client, key: string): Promise<boolean> {
    return this.#attempt(key, ABSENT, () => client.send(new DeleteObjectCommand({ Bucket: this.bucket, Key: key })));
  }

  async #attempt(key: string, outcome: Outcome, send: () => Promise<unknown>): Promise<boolean> {
    const entry = this.#entries.get(key) ?? { acknowledged: ABSENT, unknown: new Set() };
    this.#entries.set(key, entry);
    entry.unknown.add(outcome);
    try {
      await send();
    } catch {
      this.failedCount += 1;
      return false;
    }
    entry.acknowledged = outcome;
    entry.unknown.clear();
    this.acknowledgedCount += 1;
    return true;
  }

  /**
   * Reads every key back.
   * @returns One line per key whose content was neither acknowledged nor possible; empty when all is well.
   */
  async audit(client: S3Client, options: { concurrency?: number } = {}): Promise<string[]> {
    const wrong: string[] = [];
    const queue = [...this.#entries];
    const listed = await this.#listed(client);
    const work = async () => {
      for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
        const [key, entry] = next;
        const found = await this.#read(client, key);
        if (found !== entry.acknowledged && !entry.unknown.has(found)) {
          wrong.push(
            `${key}: found ${found}, acknowledged ${entry.acknowledged}, possible ${[...entry.unknown].join(' ') || '-'}`,
          );
        }
        if ((found === ABSENT) === listed.has(key))
          wrong.push(`${key}: found ${found}, but the listing says otherwise`);
      }
    };
    await Promise.all(Array.from({ length: options.concurrency ?? 8 }, work));
    for (const key of listed) if (!this.#entries.has(key)) wrong.push(`${key}: listed, but nobody put it`);
    return wrong;
  }

  async #read(client: S3Client, key: string): Promise<Outcome> {
    try {
      const answer = await client.send(new GetObjectCommand({ Bucket: this.bucket, Key: key }));
      return sha256((await answer.Body?.transformToByteArray()) ?? new Uint8Array());
    } catch (error) {
      const name = (error as Error).name;
      return name === 'NoSuchKey' ? ABSENT : `error ${name}: ${(error as Error).message}`;
    }
  }

  async #listed(client: S3Client): Promise<Set<string>> {
    const keys = new Set<string>();
    let token: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: this.bucket, ContinuationToken: token }));
      for (const object of page.Contents ?? []) keys.add(object.Key as string);
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return keys;
  }
}

/** Puts, overwrites and deletes keys of its own with `writers` at once until stopped. */
export class Load {
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(options: {
    ledger: Ledger;
    client: S3Client;
    writers: number;
    bytes: readonly number[];
    prefix?: string;
  }) {
    const { ledger, client, bytes, prefix = 'load' } = options;
    const writer = async (id: number) => {
      for (let round = 0; !this.#stopped; round++) {
        const key = `${prefix}/${id}/${round % 40}`;
        const size = bytes[(id + round) % bytes.length] as number;
        const fine =
          round % 7 === 6 ? await ledger.delete(client, key) : await ledger.put(client, key, `${key}#${round}`, size);
        // A refused request is tried no faster than a person would.
        if (!fine) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    this.#done = Promise.all(Array.from({ length: options.writers }, (_, id) => writer(id))).then(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }
}
