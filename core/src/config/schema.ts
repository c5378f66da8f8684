/**
 * Configuration: parse -> validate -> derive -> freeze, once, in `main`. A schema is a table of fields; unknown keys are refused,
 * and every refusal names the key and what to write.
 */
import { CairnError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { parseSize } from './size.ts';

export interface Field<T> {
  /** What may be written, for refusals and help: `a size such as 4GiB`. */
  readonly expects: string;
  /** Parses a JSON value or a flag's text; undefined when it does not fit. */
  readonly parse: (value: unknown) => T | undefined;
  /** Used when the key is absent; a field without one is required. */
  readonly fallback?: () => T;
}

export type Schema = Record<string, Field<unknown>>;
export type ConfigOf<S extends Schema> = { readonly [K in keyof S]: S[K] extends Field<infer T> ? T : never };

/** @throws CONFIG_INVALID naming the key and what to write. */
export function parseConfig<S extends Schema>(schema: S, input: unknown): ConfigOf<S> {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new CairnError('CONFIG_INVALID', 'the configuration must be one JSON object');
  }
  const given = input as Record<string, unknown>;
  for (const key of Object.keys(given)) {
    if (!Object.hasOwn(schema, key)) {
      throw new CairnError(
        'CONFIG_INVALID',
        `unknown key ${JSON.stringify(key)}; known are ${Object.keys(schema).join(', ')}`,
      );
    }
  }
  const config: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(schema)) {
    const value = given[key];
    if (value === undefined || value === null) {
      if (field.fallback === undefined) {
        throw new CairnError('CONFIG_INVALID', `${key} is missing; write ${field.expects}`);
      }
      config[key] = field.fallback();
      continue;
    }
    let parsed: unknown;
    try {
      parsed = field.parse(value);
    } catch {
      parsed = undefined;
    }
    if (parsed === undefined) {
      const shown = /secret/i.test(key) ? 'the value' : JSON.stringify(value);
      throw new CairnError('CONFIG_INVALID', `${key}: ${shown} does not fit; write ${field.expects}`);
    }
    config[key] = parsed;
  }
  return Object.freeze(config) as ConfigOf<S>;
}

type Options<T> = { fallback?: () => T };

export const text = (expects: string, options: Options<string> = {}): Field<string> => ({
  expects,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  ...options,
});

/** Text that may be left out: undefined then. */
export const optionalText = (expects: string): Field<string | undefined> => ({
  expects,
  parse: (value) => (typeof value === 'string' && value !== '' ? value : undefined),
  fallback: () => undefined,
});

export const size = (expects: string, options: Options<number> = {}): Field<number> => ({
  expects,
  parse: (value) => (typeof value === 'number' || typeof value === 'string' ? parseSize(String(value)) : undefined),
  ...options,
});

export const integer = (bounds: { min: number; max: number }, options: Options<number> = {}): Field<number> => ({
  expects: `a whole number from ${bounds.min} to ${bounds.max}`,
  parse: (value) => {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    const fits = Number.isInteger(number) && (number as number) >= bounds.min && (number as number) <= bounds.max;
    return fits ? (number as number) : undefined;
  },
  ...options,
});

export const oneOf = <T extends string>(names: readonly T[], options: Options<T> = {}): Field<T> => ({
  expects: `one of ${names.join(', ')}`,
  parse: (value) => names.find((name) => name === value),
  ...options,
});

export const flag = (options: Options<boolean> = {}): Field<boolean> => ({
  expects: 'true or false',
  parse: (value) =>
    value === true || value === 'true' ? true : value === false || value === 'false' ? false : undefined,
  ...options,
});

/** `host:port`, an IPv6 host in brackets. */
export const hostPort = (options: Options<string> = {}): Field<string> => ({
  expects: 'HOST:PORT, for example 127.0.0.1:9000',
  parse: (value) => {
    const match = typeof value === 'string' ? /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(value) : null;
    return match !== null && Number(match[2]) <= 65535 ? match[0] : undefined;
  },
  ...options,
});

const WEAK_SECRETS = ['secret', 'password', 'changeme', 'minioadmin', 'admin', 'default', 'test'];

/** A secret: long enough, and not one that everybody knows, also when repeated. */
export const secret = (options: Options<string> = {}): Field<string> => ({
  expects: `a random text of at least ${LIMITS.secretLengthMin} characters (openssl rand -hex 32 makes one)`,
  parse: (value) => {
    if (typeof value !== 'string' || value.length < LIMITS.secretLengthMin) return undefined;
    const letters = new Set(value);
    const known = WEAK_SECRETS.some(
      (weak) =>
        value
          .toLowerCase()
          .replaceAll(weak, '')
          .replace(/[\d\W_]/g, '') === '',
    );
    return known || letters.size < 4 ? undefined : value;
  },
  ...options,
});
