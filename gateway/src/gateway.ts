/** A gateway: S3 over HTTP on top of the SDK. It keeps nothing, so any number of them may run. */

import { type CairnClient, connectCairn } from '@cairn/client-sdk';
import { clusterAuthorization, hasCode, type RolePorts, type RunningRole, Worker } from '@cairn/core';
import { createAuthenticator } from './authentication/authenticate.ts';
import { deriveGatewayTimers, type GatewayConfig } from './config.ts';
import { listen } from './http/listener.ts';
import { requestIds } from './http/request-ids.ts';
import { StallWatch } from './http/stall-watch.ts';
import { GatewayMetrics } from './metrics.ts';
import { ContinuationTokens } from './operations/continuation-token.ts';
import { S3Service } from './s3-service.ts';

/** Never the name of a bucket, so asking for it shows that somebody answers and costs nothing. */
const PROBE_BUCKET = 'x';

export async function startGateway(config: GatewayConfig, ports: RolePorts): Promise<RunningRole> {
  const { clock, random, transport, log } = ports;
  const { clusterSecret, accessKey, secretKey, region, domain } = config;
  const timers = deriveGatewayTimers(config);
  const client = connectCairn({
    metadata: config.metadata,
    authorization: () => clusterAuthorization(clusterSecret, { clock, random }),
    ports: { clock, random, transport, log },
    rpcDeadlineMs: timers.rpcDeadlineMs,
    hedgeAfterMs: timers.hedgeAfterMs,
  });
  const metrics = new GatewayMetrics();
  const stalls = new StallWatch(clock);
  const nextRequestId = requestIds(random);
  const service = new S3Service({
    authenticate: createAuthenticator({
      clock,
      region,
      secretKeyOf: (key) => (key === accessKey ? secretKey : undefined),
    }),
    services: { client, region, tokens: new ContinuationTokens(clusterSecret) },
    domain,
    clock,
    log,
    stalls,
    metrics,
    nextRequestId,
  });
  const listener = await listen({ address: config.s3, reusePort: config.reusePort, service, clock, nextRequestId });
  let answered = false;
  const probe = new Worker({
    name: 'metadata-probe',
    clock,
    intervalMs: timers.heartbeatIntervalMs,
    pass: async () => {
      await probeMetadata(client);
      answered = true;
      return 1;
    },
  });
  probe.start();
  const close = async () => {
    await listener.close();
    await probe.stop();
    stalls.close();
    await client.close();
  };
  let closed: Promise<void> | undefined;
  return {
    address: listener.address,
    failed: listener.failed,
    notReady() {
      if (closed !== undefined) return 'stopping';
      const { lastError } = probe.status;
      if (lastError !== '') return `the metadata servers do not answer: ${lastError}`;
      return answered ? undefined : 'the metadata servers have not answered yet';
    },
    metrics: () => metrics.samples(),
    close() {
      closed ??= close();
      return closed;
    },
  };
}

async function probeMetadata(client: CairnClient): Promise<void> {
  try {
    await client.headBucket(PROBE_BUCKET);
  } catch (error) {
    if (!hasCode(error, 'BUCKET_NOT_FOUND', 'BUCKET_NAME_INVALID')) throw error;
  }
}
