/** The in-memory disk passes the suite of disks, loses what was not synced, and fails where it is told to. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CairnError } from '../errors.ts';
import { diskConformance } from '../ports/disk.conformance.ts';
import type { DiskFile } from '../ports/disk.ts';
import { writeFileDurably } from '../ports/disk.ts';
import { MemoryDisk } from './disk.ts';
import { SeededRandom } from './random.ts';

diskConformance('the in-memory disk', async () => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/data');
  return { disk, folder: '/data' };
});

const filled = (length: number, byte: number) => new Uint8Array(length).fill(byte);
const textOf = (bytes: Uint8Array | undefined) => (bytes === undefined ? undefined : Buffer.from(bytes).toString());
const read = async (disk: MemoryDisk, path: string) => textOf(await disk.readFile(path));

async function write(file: DiskFile, text: string, position = 0): Promise<void> {
  await file.write([Buffer.from(text)], position);
}

/** A file `/d/a` with the text, durable with its name. */
async function diskWith(text: string, disk = new MemoryDisk()) {
  await disk.makeDirectory('/d');
  const file = await disk.open('/d/a', { create: true });
  await write(file, text);
  await file.sync();
  await disk.syncDirectory('/d');
  return { disk, file };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof CairnError ? error.code : String(error)),
  );
}

describe('a power cut', () => {
  it('drops bytes that were not synced', async () => {
    const { disk, file } = await diskWith('durable');
    await write(file, 'LOST', 2);
    await write(file, 'more', 7);
    expect(await read(disk, '/d/a')).toBe('duLOSTemore');
    disk.powerCut();
    expect(await read(disk, '/d/a')).toBe('durable');
  });

  it('drops a truncation that was not synced', async () => {
    const { disk, file } = await diskWith('durable'.repeat(5000));
    await file.truncate(3);
    disk.powerCut();
    expect(await read(disk, '/d/a')).toBe('durable'.repeat(5000));
  });

  it('keeps a truncation that was synced, and zeros where the file grows again', async () => {
    const { disk, file } = await diskWith('x'.repeat(10_000));
    await file.truncate(4100);
    await file.sync();
    await write(file, 'y', 9000);
    await file.sync();
    disk.powerCut();
    expect(await read(disk, '/d/a')).toBe(`${'x'.repeat(4100)}${'\0'.repeat(4900)}y`);
  });

  it('drops names whose folder was not synced, also of synced files', async () => {
    const { disk } = await diskWith('old');
    const file = await disk.open('/d/b', { create: true });
    await write(file, 'synced bytes');
    await file.sync();
    await disk.remove('/d/a');
    disk.powerCut();
    expect(await disk.list('/d')).toEqual(['a']);
  });

  it('undoes a rename whose folder was not synced, and keeps one whose folder was', async () => {
    const { disk } = await diskWith('old');
    await disk.rename('/d/a', '/d/b');
    disk.powerCut();
    expect(await disk.list('/d')).toEqual(['a']);
    await disk.rename('/d/a', '/d/b');
    await disk.syncDirectory('/d');
    disk.powerCut();
    expect(await disk.list('/d')).toEqual(['b']);
  });

  it('never halves a rename from one folder to another, whichever of them was synced', async () => {
    for (const synced of ['/d', '/e']) {
      const { disk } = await diskWith('old');
      await disk.makeDirectory('/e');
      await disk.open('/d/b', { create: true });
      await disk.rename('/d/b', '/e/b');
      await disk.syncDirectory(synced);
      disk.powerCut();
      expect(await disk.list('/d')).toEqual(['a']);
      expect(await disk.list('/e')).toEqual(['b']);
    }
  });

  it('keeps folders: making one syncs its name', async () => {
    const disk = new MemoryDisk();
    await disk.makeDirectory('/x/y');
    disk.powerCut();
    expect(await disk.list('/x')).toEqual(['y']);
  });

  it('kills the files that were open', async () => {
    const { disk, file } = await diskWith('durable');
    disk.powerCut();
    expect(await codeOf(write(file, 'late'))).toBe('DISK_FAILED');
    expect(await read(disk, '/d/a')).toBe('durable');
  });

  it('may tear what was not synced at any sector, never what was', async () => {
    const states = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const { disk, file } = await diskWith('', new MemoryDisk({ random: new SeededRandom(seed) }));
      await file.write([filled(2048, 1)], 0);
      await file.sync();
      await file.write([filled(2048, 2)], 1024);
      disk.powerCut({ torn: true });
      const bytes = (await disk.readFile('/d/a')) as Uint8Array;
      expect(bytes.length).toBeGreaterThanOrEqual(2048);
      expect(Buffer.compare(bytes.subarray(0, 1024), filled(1024, 1))).toBe(0);
      const sectors = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, at) =>
        bytes.subarray(at * 512, at * 512 + 512),
      );
      for (const sector of sectors) expect(new Set(sector).size).toBe(1);
      states.add(`${bytes.length}: ${sectors.map((sector) => sector[0]).join('')}`);
    }
    expect(states.size).toBeGreaterThan(10);
  });

  it('may let a beginning of the changes of names survive, and nothing out of order', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 30; seed++) {
      const disk = new MemoryDisk({ random: new SeededRandom(seed) });
      await disk.makeDirectory('/d');
      for (const name of ['a', 'b', 'c']) await disk.open(`/d/${name}`, { create: true });
      await disk.rename('/d/a', '/d/z');
      disk.powerCut({ torn: true });
      seen.add((await disk.list('/d')).join(''));
    }
    expect([...seen].sort()).toEqual(['', 'a', 'ab', 'abc', 'bcz']);
  });

  it('leaves a durably replaced file whole, old or new, at every change it may happen', async () => {
    const seen = new Set<string | undefined>();
    for (let nth = 1, cut = true; cut; nth++) {
      for (let seed = 0; seed < 10; seed++) {
        const disk = new MemoryDisk({ random: new SeededRandom(seed) });
        await disk.makeDirectory('/d');
        await writeFileDurably(disk, '/d/state', Buffer.from('old'.repeat(1000)));
        disk.powerCutAtChange(nth, { torn: true });
        const outcome = await codeOf(writeFileDurably(disk, '/d/state', Buffer.from('new'.repeat(1000))));
        cut = disk.isOff;
        expect(outcome).toBe(cut ? 'DISK_FAILED' : 'done');
        expect(await codeOf(disk.list('/d'))).toBe(cut ? 'DISK_FAILED' : 'done');
        disk.powerOn();
        seen.add(await read(disk, '/d/state'));
      }
    }
    expect([...seen].sort()).toEqual(['new'.repeat(1000), 'old'.repeat(1000)]);
  });
});

describe('a fault of the disk', () => {
  it('flips one bit, which a power cut does not undo', async () => {
    const { disk } = await diskWith('abc');
    disk.flipBit('/d/a', 1, 0);
    expect(await read(disk, '/d/a')).toBe('acc');
    disk.powerCut();
    expect(await read(disk, '/d/a')).toBe('acc');
    expect(() => disk.flipBit('/d/a', 3)).toThrow('has a byte at 3');
  });

  it('fails one sync, after which the bytes can be read but are lost, whatever a second sync says', async () => {
    const { disk, file } = await diskWith('old');
    await write(file, 'new');
    disk.failNextSync('/d/a');
    expect(await codeOf(file.sync())).toBe('DISK_FAILED');
    expect(await codeOf(file.sync())).toBe('done');
    expect(await read(disk, '/d/a')).toBe('new');
    disk.powerCut();
    expect(await read(disk, '/d/a')).toBe('old');
  });

  it('fails the sync of the path it was told, and no other', async () => {
    const { disk, file } = await diskWith('old');
    disk.failNextSync('/d');
    await file.sync();
    expect(await codeOf(disk.syncDirectory('/d'))).toBe('DISK_FAILED');
    expect(await codeOf(disk.syncDirectory('/d'))).toBe('done');
  });

  it('is full: a write beyond the room keeps the part that fits', async () => {
    const { disk, file } = await diskWith('old');
    disk.capacityBytes = 10;
    expect(await disk.space('/d')).toEqual({ totalBytes: 10, freeBytes: 7 });
    expect(await codeOf(write(file, 'x'.repeat(20), 3))).toBe('DISK_FULL');
    expect(await read(disk, '/d/a')).toBe(`old${'x'.repeat(7)}`);
    expect(await codeOf(write(file, 'new'))).toBe('done');
    await disk.remove('/d/a');
    expect((await disk.space('/d')).freeBytes).toBe(10);
  });

  it('fails reads or writes of a path until it heals', async () => {
    const { disk, file } = await diskWith('old');
    disk.failReads('/d/a');
    expect(await codeOf(file.read(new Uint8Array(1), 0))).toBe('DISK_FAILED');
    expect(await codeOf(disk.readFile('/d/a'))).toBe('DISK_FAILED');
    disk.failWrites();
    expect(await codeOf(write(file, 'new'))).toBe('DISK_FAILED');
    expect(await codeOf(file.truncate(0))).toBe('DISK_FAILED');
    disk.heal();
    expect(await read(disk, '/d/a')).toBe('old');
  });

  it('tears the n-th write', async () => {
    const { disk, file } = await diskWith('');
    disk.tearNthWrite(2);
    await write(file, 'first ');
    expect(await codeOf(write(file, 'second', 6))).toBe('DISK_FAILED');
    expect('first second'.startsWith((await read(disk, '/d/a')) ?? '')).toBe(true);
    expect((await read(disk, '/d/a'))?.length).toBeLessThan(12);
    expect(await codeOf(write(file, 'third', 6))).toBe('done');
  });

  it('hands the files over to the next process, and lets the killed one do nothing more', async () => {
    const { disk, file } = await diskWith('old');
    await write(file, 'unsynced');
    const next = disk.handOver();
    expect(await codeOf(write(file, 'late'))).toBe('DISK_FAILED');
    expect(await codeOf(disk.open('/d/a'))).toBe('DISK_FAILED');
    expect(await read(next, '/d/a')).toBe('unsynced');
    next.powerCut();
    expect(await read(next, '/d/a')).toBe('old');
  });
});

it('holds what a plain array of bytes would, through writes, cuts, syncs and power cuts', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('write' as const), at: fc.nat(20_000), length: fc.nat(9000), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('truncate' as const), at: fc.nat(25_000) }),
    fc.record({ kind: fc.constantFrom('sync' as const, 'powerCut' as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { disk } = await diskWith('');
      let live = new Uint8Array();
      let durable = live;
      for (const one of steps) {
        const file = await disk.open('/d/a');
        if (one.kind === 'write') {
          await file.write([filled(one.length, one.byte)], one.at);
          const grown = new Uint8Array(one.length === 0 ? live.length : Math.max(live.length, one.at + one.length));
          grown.set(live);
          grown.fill(one.byte, one.at, one.at + one.length);
          live = grown;
        } else if (one.kind === 'truncate') {
          await file.truncate(one.at);
          const cut = new Uint8Array(one.at);
          cut.set(live.subarray(0, one.at));
          live = cut;
        } else if (one.kind === 'sync') {
          await file.sync();
          durable = live;
        } else {
          disk.powerCut();
          live = durable;
        }
        expect(Buffer.compare((await disk.readFile('/d/a')) as Uint8Array, live)).toBe(0);
      }
    }),
    { numRuns: 200 },
  );
});
