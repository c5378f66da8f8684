/** Configuration: what fits is frozen, what does not is refused with the key and what to write. */
import { describe, expect, it } from 'vitest';
import { CairnError } from '../errors.ts';
import * as field from './schema.ts';

const schema = {
  dataDir: field.text('a folder'),
  listen: field.hostPort({ fallback: () => '127.0.0.1:9000' }),
  volumeBytes: field.size('a size such as 4GiB', { fallback: () => 1024 }),
  replicas: field.integer({ min: 1, max: 7 }, { fallback: () => 3 }),
  profile: field.oneOf(['production', 'test'], { fallback: () => 'production' }),
  restart: field.flag({ fallback: () => true }),
  zone: field.optionalText('the name of a zone'),
  clusterSecret: field.secret({ fallback: () => 'x7Kq9-Zw2Lm4Rt8Vb' }),
};

function refusal(input: unknown): string {
  try {
    field.parseConfig(schema, input);
    return 'accepted';
  } catch (error) {
    return error instanceof CairnError && error.code === 'CONFIG_INVALID' ? error.message : String(error);
  }
}

describe('a configuration', () => {
  it('takes what fits and fills in the rest', () => {
    const config = field.parseConfig(schema, {
      dataDir: '/data',
      volumeBytes: '4GiB',
      replicas: '5',
      restart: 'false',
    });
    expect(config).toEqual({
      dataDir: '/data',
      listen: '127.0.0.1:9000',
      volumeBytes: 4 * 1024 ** 3,
      replicas: 5,
      profile: 'production',
      restart: false,
      zone: undefined,
      clusterSecret: 'x7Kq9-Zw2Lm4Rt8Vb',
    });
  });

  it('cannot be changed once it is parsed', () => {
    expect(Object.isFrozen(field.parseConfig(schema, { dataDir: '/data' }))).toBe(true);
  });

  it('treats null as left out', () => {
    expect(field.parseConfig(schema, { dataDir: '/data', replicas: null }).replicas).toBe(3);
    expect(refusal({ dataDir: null })).toBe('dataDir is missing; write a folder');
  });

  it('names an unknown key and those it knows', () => {
    expect(refusal({ dataDir: '/data', replica: 2 })).toMatch(/^unknown key "replica"; known are dataDir, .*replicas/);
  });

  it('does not take for a key what every object has', () => {
    for (const text of ['{"__proto__": 1}', '{"constructor": 1}', '{"toString": 1}']) {
      expect(refusal(JSON.parse(text))).toContain('unknown key');
    }
  });

  it.each([undefined, null, 7, 'text', [[]], true])('is not %j', (input) => {
    expect(refusal(input)).toContain('must be one JSON object');
  });

  it('names the key, the value and what to write', () => {
    expect(refusal({ dataDir: '/data', replicas: 9 })).toBe(
      'replicas: 9 does not fit; write a whole number from 1 to 7',
    );
    expect(refusal({ dataDir: '/data', volumeBytes: '4 gigs' })).toContain(
      'volumeBytes: "4 gigs" does not fit; write a',
    );
  });

  it('never shows a secret', () => {
    const message = refusal({ dataDir: '/data', clusterSecret: 'hunter2' });
    expect(message).toContain('clusterSecret: the value does not fit');
    expect(message).not.toContain('hunter2');
  });
});

/** Values that fit the field and what they become; values that do not. */
const cases: [string, field.Field<unknown>, [unknown, unknown][], unknown[]][] = [
  ['text', field.text('text'), [['a', 'a']], ['', 7, true, {}]],
  [
    'integer',
    field.integer({ min: -1, max: 10 }),
    [
      [10, 10],
      ['-1', -1],
    ],
    [11, -2, 1.5, '1.5', '', ' 1', '1e1', true, '0x1'],
  ],
  [
    'size',
    field.size('a size'),
    [
      ['1KiB', 1024],
      [7, 7],
    ],
    [0, -1, '', 'many', true, Number.NaN],
  ],
  ['choice', field.oneOf(['a', 'b']), [['a', 'a']], ['c', '', 1, 'constructor']],
  [
    'flag',
    field.flag(),
    [
      [true, true],
      ['true', true],
      [false, false],
      ['false', false],
    ],
    ['yes', 1, 0, ''],
  ],
  [
    'host and port',
    field.hostPort(),
    [
      ['127.0.0.1:9000', '127.0.0.1:9000'],
      ['[::1]:0', '[::1]:0'],
      ['node-1.example:65535', 'node-1.example:65535'],
    ],
    ['127.0.0.1', ':9000', 'host:', 'host:65536', 'host:-1', '::1:9000', 'a b:1', 'host:1\n', 9000],
  ],
  [
    'secret',
    field.secret(),
    [
      ['correct horse battery', 'correct horse battery'],
      ['0123456789abcdef', '0123456789abcdef'],
    ],
    [
      'short',
      'fifteen-letters',
      'aaaaaaaaaaaaaaaaaaaa',
      'abcabcabcabcabcabc',
      'passwordpassword',
      'Password-Password!1234',
      'minioadminminioadmin',
      'changeme-changeme',
      '1234567890123456',
      'secretsecretsecret',
      '',
      1234567890123456,
    ],
  ],
];

describe.each(cases)('a field for a %s', (_name, one, fitting, unfitting) => {
  it.each(fitting)('takes %j', (value, parsed) => {
    expect(field.parseConfig({ key: one }, { key: value }).key).toBe(parsed);
  });

  it.each(unfitting.map((value) => [value]))('refuses %j', (value) => {
    expect(() => field.parseConfig({ key: one }, { key: value })).toThrow(`write ${one.expects}`);
  });
});
