import { describe, expect, it } from 'vitest';
import { hostId } from './host.ts';

describe('hostId', () => {
  it('names the kernel and the files that this process sees, the same at each call', () => {
    expect(hostId()).toMatch(/^[0-9a-f-]{36}\/\d+$/);
    expect(hostId()).toBe(hostId());
  });
});
