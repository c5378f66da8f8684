/**
 * What every part of the transport suite stands on: listeners and channels that are closed after each test, credentials of every kind of
 * caller, and handlers that wait until a test lets them go.
 */
import { afterEach, beforeEach, expect } from 'vitest';
import type { Endpoint } from '../api/endpoint.ts';
import type { CallContext } from '../api/methods.ts';
import { authenticator, clusterAuthorization, keyAuthorization, sessionAuthorization } from '../authorization.ts';
import { CairnError, type ErrorCode } from '../errors.ts';
import { realClock } from '../real/clock.ts';
import { realRandom } from '../real/random.ts';
import type { Channel, Listener, ListenOptions, Transport } from './transport.ts';
import { type Services, sampleSession, servicesDoing } from './transport-samples.conformance.ts';

/** How long a condition may take to become true before the test fails. */
export const PATIENCE_MS = 20_000;

type Where = Pick<ListenOptions, 'address' | 'bulkAddress' | 'socketDir'>;

export interface TransportUnderTest {
  transport: Transport;
  /** Where the suite's first listener listens; ports are 0. */
  where: Where;
  /** Which offers of an endpoint callers see, when not all: it chooses the lane under test. */
  offer?: (endpoint: Endpoint) => Endpoint;
  /** Runs after each test, when every channel and listener is closed. */
  dispose?: () => Promise<void>;
}

export const CLUSTER_SECRET = 'a-cluster-secret-of-32-characters';
export const KEY = { accessKey: 'AKIACONFORMANCE', secretKey: 'a-secret-key-of-some-length' };
export const source = { clock: realClock, random: realRandom };
export const asCluster = () => clusterAuthorization(CLUSTER_SECRET, source);
export const asAdmin = () => keyAuthorization(KEY, source);
export const asSession = () => sessionAuthorization(CLUSTER_SECRET, sampleSession, realClock.now() + 60_000);
const authenticate = authenticator({
  clock: realClock,
  clusterSecret: CLUSTER_SECRET,
  secretKeyOf: (accessKey) => (accessKey === KEY.accessKey ? KEY.secretKey : undefined),
});

/** A fresh transport for each test, and everything made with it closed after. */
export function workbench(make: () => Promise<TransportUnderTest>) {
  let under: TransportUnderTest;
  let open: { close: () => unknown }[] = [];
  beforeEach(async () => {
    under = await make();
  });
  afterEach(async () => {
    for (const one of open.reverse()) await one.close();
    open = [];
    await under.dispose?.();
  });
  const listen = async (services: Services, options: Partial<ListenOptions> = {}): Promise<Listener> => {
    const listener = await under.transport.listen({ ...under.where, services, authenticate, ...options });
    open.push({ close: () => listener.close(0) });
    return listener;
  };
  return {
    listen,
    connect(listener: Listener, authorization: () => string = asCluster): Channel {
      const endpoint = under.offer?.(listener.endpoint) ?? listener.endpoint;
      const channel = under.transport.connect({ endpoint, authorization });
      open.push(channel);
      return channel;
    },
    /** Starts a listener where another one was. */
    relisten(gone: Listener, services: Services, options: Partial<ListenOptions> = {}): Promise<Listener> {
      const { grpc, bulk } = gone.endpoint;
      return listen(services, { address: grpc, bulkAddress: bulk === '' ? undefined : bulk, ...options });
    },
  };
}

export type Workbench = ReturnType<typeof workbench>;

export async function failureOf(call: Promise<unknown>): Promise<CairnError> {
  const failure = await call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(CairnError);
  return failure as CairnError;
}

export async function codeOf(call: Promise<unknown>): Promise<ErrorCode> {
  return (await failureOf(call)).code;
}

/** Handlers that wait until the gate opens or their own call is aborted; `started` and `aborted` tell of the first call. */
export function gate() {
  const started = Promise.withResolvers<CallContext>();
  const aborted = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  let calls = 0;
  const wait = (context: CallContext): Promise<void> => {
    calls += 1;
    const isFirst = calls === 1;
    return new Promise((resolve) => {
      context.signal.addEventListener('abort', () => {
        if (isFirst) aborted.resolve();
        resolve();
      });
      opened.promise.then(resolve);
      started.resolve(context);
    });
  };
  return {
    services: servicesDoing(wait),
    wait,
    started: started.promise,
    aborted: aborted.promise,
    open: () => opened.resolve(),
  };
}

export const atOnce: Services = servicesDoing(async () => undefined);
