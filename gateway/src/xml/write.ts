/** Writing XML: documents are built in one pass as strings; the only thing that can go wrong is escaping, and that is here. */

export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
export const S3_NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** Everything but characters that XML takes as they are, in text and between quotes. */
const UNSAFE = /[^\x20-\x21\x23-\x25\x28-\x3b\x3d\x3f-\x7e\u00a0-\ufffd]/g;

const NAMED: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/**
 * Text as XML. Control characters become numeric references, as S3 writes them: strict readers of XML 1.0 refuse some of
 * these, which is what `encoding-type=url` is for.
 */
export function escapeXml(text: string): string {
  return text.replace(UNSAFE, (character) => NAMED[character] ?? `&#x${character.charCodeAt(0).toString(16)};`);
}

export function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/** S3's form of a time in XML: milliseconds are always there. */
export function xmlTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
