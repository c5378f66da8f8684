/** What the transport suite demands when something goes wrong: errors, deadlines, aborts, peers that go and come back. */
import { expect, it, vi } from 'vitest';
import { authenticator, clusterAuthorization } from '../authorization.ts';
import { CairnError, ERRORS, type ErrorCode } from '../errors.ts';
import { realClock } from '../real/clock.ts';
import {
  atOnce,
  CLUSTER_SECRET,
  codeOf,
  failureOf,
  gate,
  PATIENCE_MS,
  source,
  type Workbench,
} from './transport-bench.conformance.ts';
import { servicesDoing, TRAVELS } from './transport-samples.conformance.ts';

export function failures(bench: Workbench): void {
  it.each(TRAVELS)('carries every error code and its words as the answer to $travel', async ({ call }) => {
    let thrown = new CairnError('INTERNAL');
    const listener = await bench.listen(
      servicesDoing(async () => {
        throw thrown;
      }),
    );
    const channel = bench.connect(listener);
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      thrown = new CairnError(code, `what happened: ${code}\n100% „grün“`);
      const failure = await failureOf(call(channel));
      expect(failure.code).toBe(code);
      expect(failure.message).toBe(thrown.message);
    }
  });

  it.each(TRAVELS)('turns what a handler of $travel throws unexpectedly into INTERNAL', async ({ call }) => {
    const listener = await bench.listen(
      servicesDoing(async () => {
        throw new TypeError('x is not a function');
      }),
    );
    expect(await codeOf(call(bench.connect(listener)))).toBe('INTERNAL');
  });

  it.each(TRAVELS)('ends $travel at its deadline, on both sides', async ({ call }) => {
    const held = gate();
    const channel = bench.connect(await bench.listen(held.services));
    const running = codeOf(call(channel, { deadlineMs: 500 }));
    await held.started;
    expect(await running).toBe('DEADLINE_EXCEEDED');
    await held.aborted;
  });

  it('fails a call whose deadline has passed already', async () => {
    const channel = bench.connect(await bench.listen(atOnce));
    for (const { call } of TRAVELS) expect(await codeOf(call(channel, { deadlineMs: 0 }))).toBe('DEADLINE_EXCEEDED');
  });

  it.each(TRAVELS)('cancels $travel on both sides when the caller aborts', async ({ call }) => {
    const held = gate();
    const channel = bench.connect(await bench.listen(held.services));
    const abort = new AbortController();
    const running = codeOf(call(channel, { signal: abort.signal }));
    const context = await held.started;
    expect(context.signal.aborted).toBe(false);
    abort.abort();
    expect(await running).toBe('CANCELLED');
    await held.aborted;
  });

  it('does not send a call that was aborted before', async () => {
    let calls = 0;
    const listener = await bench.listen(
      servicesDoing(async () => {
        calls += 1;
      }),
    );
    const channel = bench.connect(listener);
    for (const { call } of TRAVELS)
      expect(await codeOf(call(channel, { signal: AbortSignal.abort() }))).toBe('CANCELLED');
    for (const { call } of TRAVELS) await call(channel);
    expect(calls).toBe(TRAVELS.length);
  });
}

export function lifecycle(bench: Workbench): void {
  it('fails calls with UNAVAILABLE where nobody listens, and reaches the peer once it listens again', async () => {
    const gone = await bench.listen(atOnce);
    const channel = bench.connect(gone);
    for (const { call } of TRAVELS) await call(channel);
    await gone.close(0);
    for (const { call } of TRAVELS) expect(await codeOf(call(channel))).toBe('UNAVAILABLE');
    await bench.relisten(gone, atOnce);
    await vi.waitFor(() => Promise.all(TRAVELS.map(({ call }) => call(channel))), { timeout: PATIENCE_MS });
  });

  it('asks for the credentials again when it connects again', async () => {
    let secret = CLUSTER_SECRET;
    const first = await bench.listen(atOnce);
    const channel = bench.connect(first, () => clusterAuthorization(secret, source));
    for (const { call } of TRAVELS) await call(channel);
    await first.close(0);
    secret = 'the-cluster-secret-after-the-restart';
    const changed = authenticator({ clock: realClock, clusterSecret: secret });
    await bench.relisten(first, atOnce, { authenticate: async (authorization) => changed(authorization) });
    const results = vi.waitFor(() => Promise.all(TRAVELS.map(({ call }) => call(channel))), { timeout: PATIENCE_MS });
    expect(await results).toHaveLength(TRAVELS.length);
  });

  it.each(TRAVELS)('fails $travel that runs when the peer goes, on both sides', async ({ call }) => {
    const held = gate();
    const listener = await bench.listen(held.services);
    const running = codeOf(call(bench.connect(listener)));
    await held.started;
    await listener.close(0);
    expect(await running).toBe('UNAVAILABLE');
    await held.aborted;
  });

  it.each(TRAVELS)('lets $travel end that runs when the listener closes, and takes no more', async ({ call }) => {
    const held = gate();
    const listener = await bench.listen(held.services);
    const channel = bench.connect(listener);
    const running = call(channel);
    const context = await held.started;
    const closed = listener.close(PATIENCE_MS);
    expect(await codeOf(call(channel))).toBe('UNAVAILABLE');
    expect(context.signal.aborted).toBe(false);
    held.open();
    await running;
    await closed;
    expect(context.signal.aborted).toBe(false);
  });

  it.each(TRAVELS)('cuts $travel that outlasts the grace of close', async ({ call }) => {
    const held = gate();
    const listener = await bench.listen(held.services);
    const running = codeOf(call(bench.connect(listener)));
    await held.started;
    await listener.close(50);
    expect(await running).toBe('UNAVAILABLE');
    await held.aborted;
  });

  it.each(TRAVELS)('ends $travel on both sides when its channel closes', async ({ call }) => {
    const held = gate();
    const channel = bench.connect(await bench.listen(held.services));
    const running = codeOf(call(channel));
    await held.started;
    channel.close();
    expect(['CANCELLED', 'UNAVAILABLE']).toContain(await running);
    await held.aborted;
    expect(await codeOf(call(channel))).toBe('UNAVAILABLE');
  });
}
