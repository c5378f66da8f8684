/**
 * Parsing the XML that clients send: small documents of a known shape. Refused before anything is built: bytes that are not
 * UTF-8 and any `<!` (DOCTYPE, entities, CDATA, comments); the parser refuses depth. Entities other than XML's own five and
 * numeric ones do not exist, so nothing can expand.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { S3Error } from '../errors/s3-error.ts';

/** The deepest document that S3 knows in our scope has four levels. */
const DEPTH_MAX = 8;

/** An element: text when it has no children, else its children by name, each a list. */
export type XmlNode = string | XmlElement;
export interface XmlElement {
  readonly [name: string]: readonly XmlNode[];
}

const TEXT = '#text';

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: false,
  removeNSPrefix: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  maxNestedTags: DEPTH_MAX,
  textNodeName: TEXT,
  isArray: () => true,
});

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/**
 * @param root The name the root element must have.
 * @throws MalformedXML
 */
export function parseXml(body: Uint8Array, root: string): XmlElement {
  let document: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    if (text.includes('<!')) throw new Error('declarations are refused');
    document = parser.parse(text);
    if (XMLValidator.validate(text) !== true) throw new Error('not well formed');
  } catch (error) {
    throw new S3Error('MalformedXML', undefined, { cause: error });
  }
  const top = children(document);
  const nodes = top[root];
  const node = nodes?.[0];
  if (Object.keys(top).length !== 1 || nodes?.length !== 1 || node === undefined) throw new S3Error('MalformedXML');
  return typeof node === 'string' ? emptyElement(node) : node;
}

/** The one text child of that name; undefined when there is none. */
export function textOf(parent: XmlElement, name: string): string | undefined {
  const nodes = parent[name];
  if (nodes === undefined) return undefined;
  const [node] = nodes;
  if (nodes.length !== 1 || typeof node !== 'string') throw new S3Error('MalformedXML');
  return node;
}

/** All children of that name, which must be elements. */
export function elementsOf(parent: XmlElement, name: string): XmlElement[] {
  return (parent[name] ?? []).map((node) => (typeof node === 'string' ? emptyElement(node) : node));
}

/** Refuses children that are not known, so that nothing a client asks for is silently ignored. */
export function onlyChildren(parent: XmlElement, ...names: string[]): void {
  for (const name of Object.keys(parent)) {
    if (!names.includes(name)) throw new S3Error('NotImplemented', `The element ${name} is not supported here.`);
  }
}

function emptyElement(text: string): XmlElement {
  if (text.trim() !== '') throw new S3Error('MalformedXML');
  return Object.freeze(Object.create(null) as XmlElement);
}

/** The parser's tree in our form, without the white space between elements. Depth is bounded by the parser. */
function children(parsed: unknown): XmlElement {
  const result: Record<string, readonly XmlNode[]> = Object.create(null);
  for (const [name, value] of Object.entries(parsed as Record<string, unknown>)) {
    const list = Array.isArray(value) ? value : [value];
    if (name === TEXT) {
      if (list.some((text) => String(text).trim() !== '')) throw new S3Error('MalformedXML');
    } else {
      result[name] = list.map(toNode);
    }
  }
  return result;
}

function toNode(parsed: unknown): XmlNode {
  if (typeof parsed === 'string') return decodeEntities(parsed);
  const { [TEXT]: text, ...rest } = parsed as Record<string, unknown>;
  if (Object.keys(rest).length === 0) return decodeEntities(Array.isArray(text) ? text.join('') : String(text ?? ''));
  return children(parsed);
}

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&([^;&]{0,10})(;?)/g, (_, name: string, end: string) => {
    const numeric = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const point = numeric === null ? Number.NaN : Number.parseInt(numeric[1] ?? numeric[2] ?? '', numeric[1] ? 16 : 10);
    const isCharacter = point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    const decoded = isCharacter
      ? String.fromCodePoint(point)
      : Object.hasOwn(ENTITIES, name)
        ? ENTITIES[name]
        : undefined;
    if (decoded === undefined || end === '') throw new S3Error('MalformedXML');
    return decoded;
  });
}
