/** The query of a request, decoded. A parameter that nobody took is one that would change the meaning, so it is refused. */
import { S3Error } from '../errors/s3-error.ts';
import { decodeQueryText } from '../http/percent.ts';

/** `x-id` names the operation once more; SDKs send it, S3 ignores it. */
const IGNORED = new Set(['x-id']);

export class Query {
  readonly #parameters = new Map<string, string>();

  constructor(rawQuery: string) {
    if (rawQuery === '') return;
    for (const part of rawQuery.split('&')) {
      if (part === '') continue;
      const equals = part.indexOf('=');
      const name = decodeQueryText(equals < 0 ? part : part.slice(0, equals));
      const value = equals < 0 ? '' : decodeQueryText(part.slice(equals + 1));
      if (IGNORED.has(name)) continue;
      if (this.#parameters.has(name)) throw new S3Error('InvalidArgument', `The parameter ${name} was sent twice.`);
      this.#parameters.set(name, value);
    }
  }

  /** Whether the parameter is there, with or without a value. */
  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  /** The parameter's value, which counts as handled then. */
  take(name: string): string | undefined {
    const value = this.#parameters.get(name);
    this.#parameters.delete(name);
    return value;
  }

  /** @throws NotImplemented when a parameter was not taken. */
  demandEmpty(): void {
    for (const name of this.#parameters.keys()) {
      throw new S3Error('NotImplemented', `The query parameter ${name} is not supported here.`);
    }
  }
}
