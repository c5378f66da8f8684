/** The methods as they look on the wire: the table of core joined with the services of cairn.proto. */
import { invariant, METHODS, type MethodName, type ServiceName } from '@cairn/core';
import { type MessageCodec, messageCodec } from './codec.ts';
import { serviceType } from './schema.ts';

export interface WireMethod {
  readonly name: MethodName;
  readonly service: ServiceName;
  /** Without the service. */
  readonly rpc: string;
  /** Of the gRPC call. */
  readonly path: string;
  readonly request: MessageCodec<unknown>;
  readonly response: MessageCodec<unknown>;
}

const PACKAGE = 'cairn.v1';
export const SERVICE_NAMES = ['StorageNode', 'MetadataServer'] as const satisfies readonly ServiceName[];

export function exchangePath(service: ServiceName): string {
  return `/${PACKAGE}.${service}/Exchange`;
}

function wireMethod(name: MethodName): WireMethod {
  const [service, rpc] = name.split('.') as [ServiceName, string];
  const method = serviceType(`${PACKAGE}.${service}`).methods[rpc];
  invariant(method !== undefined, `cairn.proto has the method ${name}`);
  return {
    name,
    service,
    rpc,
    path: `/${PACKAGE}.${service}/${rpc}`,
    request: messageCodec(`${PACKAGE}.${method.requestType}`),
    response: messageCodec(`${PACKAGE}.${method.responseType}`),
  };
}

export const WIRE_METHODS: ReadonlyMap<MethodName, WireMethod> = new Map(
  (Object.keys(METHODS) as MethodName[]).map((name) => [name, wireMethod(name)]),
);

export function wireMethodOf(name: MethodName): WireMethod {
  const method = WIRE_METHODS.get(name);
  invariant(method !== undefined, `${name} is a method`);
  return method;
}
