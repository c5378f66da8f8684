/** Failpoints: one name is armed at a time, and it crashes at the pass it was told. */
import { describe, expect, it } from 'vitest';
import { armFailpoint, FAILPOINTS, failpoint, failpointArmed } from './failpoint.ts';

function armed(text: string) {
  const state = { crashes: 0, known: false };
  state.known = armFailpoint(text, () => {
    state.crashes += 1;
  });
  return state;
}

describe('a failpoint', () => {
  it('crashes at the first pass when no number is given', () => {
    const state = armed('append.mid');
    expect(state.known).toBe(true);
    failpoint('append.mid');
    expect(state.crashes).toBe(1);
  });

  it('crashes at the n-th pass, once, whatever others pass', () => {
    const state = armed('append.mid:3');
    for (const name of FAILPOINTS) if (name !== 'append.mid') failpoint(name);
    failpoint('append.mid');
    failpoint('append.mid');
    expect(state.crashes).toBe(0);
    for (let pass = 0; pass < 5; pass++) failpoint('append.mid');
    expect(state.crashes).toBe(1);
  });

  it('says whether it is the armed one', () => {
    armed('append.mid');
    expect([failpointArmed('append.mid'), failpointArmed('append.beforeSync')]).toEqual([true, false]);
  });

  it.each(['', ':1', 'append', 'append.mid:0', 'append.mid:-1', 'append.mid:1:2', 'append.mid:', 'append.mid:x'])(
    'is not %j, and what was armed stays armed',
    (text) => {
      armed('append.mid');
      expect(armed(text).known).toBe(false);
      expect(failpointArmed('append.mid')).toBe(true);
    },
  );
});
