import { CairnError, LIMITS } from '@cairn/core';
import { describe, expect, it } from 'vitest';
import { messageCodec } from '../message/codec.ts';
import { decodePacket, PacketWriter } from './packet.ts';

const codec = messageCodec<{ bucket: string }>('cairn.v1.GetBucketRequest');
const empty = { method: '', deadlineMs: 0, cancel: false, errorCode: '', errorMessage: '', body: new Uint8Array() };

describe('a packet', () => {
  it('carries requests, answers, failures and cancellations in order', () => {
    const packet = new PacketWriter();
    packet.request({ call: 1, method: 'GetBucket', deadlineMs: 5000 }, codec, { bucket: 'a' });
    packet.answer(2, codec, { bucket: 'b' });
    packet.failure(0xffff_ffff, new CairnError('VOLUME_FULL', 'no room'));
    packet.cancel(4);
    const body = (bucket: string) => new Uint8Array(codec.encode({ bucket }));
    expect(decodePacket(packet.finish()).frames).toEqual([
      { ...empty, call: 1, method: 'GetBucket', deadlineMs: 5000, body: body('a') },
      { ...empty, call: 2, body: body('b') },
      { ...empty, call: 0xffff_ffff, errorCode: 'VOLUME_FULL', errorMessage: 'no room' },
      { ...empty, call: 4, cancel: true },
    ]);
  });

  it('keeps its other frames when one cannot be encoded or is too large', () => {
    const packet = new PacketWriter();
    packet.answer(1, codec, { bucket: 'a' });
    expect(() => packet.answer(2, codec, { bucket: '\ud800' })).toThrow(CairnError);
    const tooLarge = { bucket: 'k'.repeat(LIMITS.messageBytesMax) };
    expect(() => packet.request({ call: 3, method: 'm', deadlineMs: 1 }, codec, tooLarge)).toThrow(CairnError);
    packet.answer(4, codec, { bucket: 'd' });
    const { frames } = decodePacket(packet.finish());
    expect(frames.filter((frame) => frame.call !== 0).map((frame) => frame.call)).toEqual([1, 4]);
    expect(frames.filter((frame) => frame.call === 0)).toEqual([
      { ...empty, call: 0 },
      { ...empty, call: 0 },
    ]);
  });
});
