/** The bound on chunk bytes in memory: waiting has an end. */
import { ByteBudget } from '@cairn/core';
import { VirtualClock } from '@cairn/core/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../testing/volume-bench.ts';
import { MemoryGate } from './memory-gate.ts';

let clock: VirtualClock;
let gate: MemoryGate;
const patient = new AbortController().signal;

beforeEach(() => {
  clock = new VirtualClock();
  gate = new MemoryGate({ budget: new ByteBudget(100), clock, waitMaxMs: 1000 });
});

describe('the memory gate', () => {
  it('lets in what fits, and counts it until it leaves', async () => {
    const leave = await gate.enter(60, patient);
    expect(gate.usedBytes).toBe(60);
    leave();
    expect(gate.usedBytes).toBe(0);
    expect(clock.pendingTimers).toBe(0);
  });

  it('lets a waiter in when there is room', async () => {
    const leave = await gate.enter(60, patient);
    const waiting = gate.enter(50, patient);
    await clock.advance(500);
    leave();
    await waiting;
    expect(gate.usedBytes).toBe(50);
  });

  it('sends a waiter away when its patience ends', async () => {
    await gate.enter(60, patient);
    const waiting = codeOf(gate.enter(50, patient));
    await clock.advance(1001);
    expect(await waiting).toBe('OVERLOADED');
    expect(gate.usedBytes).toBe(60);
  });

  it('tells a caller who went away that it was cancelled', async () => {
    await gate.enter(60, patient);
    const caller = new AbortController();
    const waiting = codeOf(gate.enter(50, caller.signal));
    caller.abort();
    expect(await waiting).toBe('CANCELLED');
  });

  it('has a queue with an end', async () => {
    await gate.enter(100, patient);
    const waiting = Array.from({ length: 1024 }, () => codeOf(gate.enter(1, patient)));
    expect(await codeOf(gate.enter(1, patient))).toBe('OVERLOADED');
    await clock.advance(1001);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['OVERLOADED']));
  });
});
