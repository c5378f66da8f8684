/** The door for programs: a client on the real network, known by an access key. */
import { keyAuthorization, realClock, realRandom, silentLog, TIMER_PROFILES } from '@cairn/core';
import { createTransport, hostId } from '@cairn/proto';
import { CairnClient } from './client.ts';
import type { ClientPorts } from './ports.ts';

export interface CairnOptions {
  /** `host:port` of each metadata server; the client follows the leader by itself. */
  metadata: readonly string[];
  accessKey: string;
  secretKey: string;
  /** How long one try of a round trip may take. Default 5,000. */
  rpcDeadlineMs?: number;
  /** How long a replica may take before another one is asked as well. Default 500. */
  hedgeAfterMs?: number;
  /** Where warnings go; nowhere when left out. */
  log?: ClientPorts['log'];
}

/**
 * A client of a cluster. Make one and keep it: it holds connections, a session and what it learned about the cluster.
 *
 *     const cairn = new Cairn({ metadata: ['127.0.0.1:9100'], accessKey, secretKey });
 *     await cairn.bucket('photos').put('cat.jpg', bytes);
 *     const cat = await (await cairn.bucket('photos').get('cat.jpg')).bytes();
 *     await cairn.close();
 */
export class Cairn extends CairnClient {
  constructor(options: CairnOptions) {
    const { metadata, accessKey, secretKey, log = silentLog } = options;
    const { rpcDeadlineMs = TIMER_PROFILES.production.rpcDeadlineMs } = options;
    const { hedgeAfterMs = TIMER_PROFILES.production.hedgeAfterMs } = options;
    const thisHost = hostId();
    const transport = createTransport({ hostId: thisHost, lane: 'auto', rpcDeadlineMs });
    const source = { clock: realClock, random: realRandom };
    super({
      metadata,
      authorization: () => keyAuthorization({ accessKey, secretKey }, source),
      nodesKnowBy: 'session',
      ports: { ...source, transport, log },
      rpcDeadlineMs,
      hedgeAfterMs,
      hostId: thisHost,
    });
  }
}
