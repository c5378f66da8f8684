/** XML to clients: any text survives the way through a parser. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseXml, textOf } from './parse.ts';
import { element, escapeXml } from './write.ts';

describe('the XML writer', () => {
  it('escapes what is markup and what is no plain character', () => {
    expect(escapeXml('<a href="x">&\'\n\r\u0001é😀')).toBe('&lt;a href=&quot;x&quot;&gt;&amp;&#39;&#xa;&#xd;&#x1;é😀');
  });

  it('writes text that a parser reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const root = parseXml(Buffer.from(`<R>${element('T', text)}</R>`), 'R');
        expect(textOf(root, 'T')).toBe(text);
      }),
    );
  });
});
