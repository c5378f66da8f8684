/** XML from clients: what is read, and what is refused at once. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/requests.ts';
import { elementsOf, onlyChildren, parseXml, textOf } from './parse.ts';

const parse = (xml: string | Uint8Array) => parseXml(typeof xml === 'string' ? Buffer.from(xml) : xml, 'Delete');

describe('the XML parser', () => {
  it('reads elements, text as it stands, and the five entities', () => {
    const xml =
      '<?xml version="1.0"?>\n<Delete xmlns="x">\n <Object><Key> a&amp;&lt;&#x41;&#13; </Key></Object>\n <Quiet>true</Quiet></Delete>';
    const root = parse(xml);
    expect(textOf(root, 'Quiet')).toBe('true');
    expect(elementsOf(root, 'Object').map((object) => textOf(object, 'Key'))).toEqual([' a&<A\r ']);
  });

  it('reads names with a prefix', () => {
    expect(textOf(parse('<s3:Delete xmlns:s3="x"><s3:Quiet>true</s3:Quiet></s3:Delete>'), 'Quiet')).toBe('true');
  });

  it('keeps white space that is a key', () => {
    const [object] = elementsOf(parse('<Delete><Object><Key> </Key></Object></Delete>'), 'Object');
    expect(object && textOf(object, 'Key')).toBe(' ');
  });

  it('tells an absent element from an empty one', () => {
    const root = parse('<Delete><Quiet/></Delete>');
    expect([textOf(root, 'Quiet'), textOf(root, 'Object')]).toEqual(['', undefined]);
  });

  it('refuses elements that nobody knows with NotImplemented', () => {
    expect(refusal(() => onlyChildren(parse('<Delete><Colour/></Delete>'), 'Object'))).toBe('NotImplemented');
  });

  const malformed: Record<string, string | Uint8Array> = {
    'an empty body': '',
    text: 'hello',
    'another root': '<Remove/>',
    'two roots': '<Delete/><Delete/>',
    'an element that is not closed': '<Delete><Quiet></Delete>',
    'text between elements': '<Delete>hello<Quiet/></Delete>',
    'a DOCTYPE': '<!DOCTYPE Delete [<!ENTITY a "b">]><Delete>&a;</Delete>',
    'an external entity': '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><Delete>&x;</Delete>',
    CDATA: '<Delete><Quiet><![CDATA[true]]></Quiet></Delete>',
    'an unknown entity': '<Delete><Quiet>&nbsp;</Quiet></Delete>',
    'an entity without an end': '<Delete><Quiet>&amp</Quiet></Delete>',
    'a reference to no character': '<Delete><Quiet>&#xd800;</Quiet></Delete>',
    'bytes that are not UTF-8': Buffer.from([0x3c, 0x44, 0xff]),
    'a name that could reach a prototype': '<Delete><__proto__>a</__proto__></Delete>',
    '100,000 levels': `<Delete>${'<a>'.repeat(100_000)}`,
    '100,000 levels, closed': `<Delete>${'<a>'.repeat(100_000)}${'</a>'.repeat(100_000)}</Delete>`,
    'nine levels': `<Delete>${'<a>'.repeat(9)}${'</a>'.repeat(9)}</Delete>`,
  };
  for (const [name, xml] of Object.entries(malformed)) {
    it(`refuses ${name}`, () => expect(refusal(() => parse(xml))).toBe('MalformedXML'));
  }
});
