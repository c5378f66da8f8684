/**
 * The loaded .proto files: the only place where field numbers stand. Every message type is prepared here, so that a decoded message is
 * a plain object that has all its fields.
 */
import { fileURLToPath } from 'node:url';
import { invariant } from '@cairn/core';
import protobuf, { type Field, type NamespaceBase, type Service, type Type } from 'protobufjs';
import './strict-wire.ts';

const FILES = ['../cairn.proto', '../rows.proto'];

/** The scalar types that decode to what TypeScript says they are, and what stands for an absent one. */
const SCALARS: Readonly<Record<string, unknown>> = {
  uint32: 0,
  uint64: 0,
  double: 0,
  bool: false,
  string: '',
  bytes: new Uint8Array(),
};

const root = new protobuf.Root().loadSync(FILES.map((file) => fileURLToPath(new URL(file, import.meta.url))));
root.resolveAll();

const makers = new Map<Type, () => object>();
prepareAll(root);

function prepareAll(namespace: NamespaceBase): void {
  for (const inner of namespace.nestedArray) {
    if (inner instanceof protobuf.Type) prepare(inner);
    if (inner instanceof protobuf.Namespace) prepareAll(inner);
  }
}

/** Makes protobufjs decode this type into plain objects of one shape. @returns What makes an empty one. */
function prepare(type: Type): () => object {
  const known = makers.get(type);
  if (known !== undefined) return known;
  const template = Object.fromEntries(type.fieldsArray.map((field) => [field.name, absentValue(field)]));
  const lists = type.fieldsArray.filter((field) => field.repeated).map((field) => field.name);
  const make = () => {
    const message: Record<string, unknown> = { ...template };
    for (const name of lists) message[name] = [];
    return message;
  };
  makers.set(type, make);
  // protobufjs decodes into `new ctor()`, and a constructor may return the object to use.
  type.ctor = function Message() {
    return make();
  } as unknown as Type['ctor'];
  return make;
}

/**
 * What a field holds when the wire has nothing for it: `null` where the .proto says `optional`, else the type's default. An absent
 * nested message that is not optional reads as one of defaults, so that no handler meets a null where its TypeScript type has none.
 */
function absentValue(field: Field): unknown {
  const nested = field.resolvedType;
  const isMessage = nested instanceof protobuf.Type;
  invariant(isMessage || Object.hasOwn(SCALARS, field.type), `${field.fullName} is one of ${Object.keys(SCALARS)}`);
  invariant(!field.map, `${field.fullName} is a list of pairs: keys of a map could be __proto__`);
  if (field.repeated) return [];
  if (field.partOf) return null;
  return isMessage ? frozen(prepare(nested)()) : SCALARS[field.type];
}

function frozen(message: object): object {
  for (const value of Object.values(message)) if (Array.isArray(value)) Object.freeze(value);
  return Object.freeze(message);
}

/** @param name With its package: `cairn.v1.PutChunkRequest`. */
export function messageType(name: string): Type {
  return root.lookupType(name);
}

/** @param name With its package: `cairn.v1.StorageNode`. */
export function serviceType(name: string): Service {
  return root.lookupService(name);
}
