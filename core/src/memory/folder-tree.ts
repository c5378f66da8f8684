/**
 * Names of the in-memory disk. A change of a name is seen at once and is durable when its folder is synced; until then it waits in
 * the order in which it was made. As in a journaling file system a rename is never half done, and of what waits when the power goes a
 * beginning may survive, never a later change without the earlier ones that it builds on.
 */
import * as path from 'node:path';
import { CairnError } from '../errors.ts';
import { PagedFile } from './paged-file.ts';
import type { SeededRandom } from './random.ts';

export class Folder {
  readonly live = new Map<string, Node>();
  readonly durable = new Map<string, Node>();
}

export type Node = Folder | PagedFile;

interface NameChange {
  folder: Folder;
  name: string;
  node: Node | undefined;
}

export class FolderTree {
  readonly #root = new Folder();
  /** Each element is one operation: all of its changes become durable together. */
  #waiting: NameChange[][] = [];

  find(at: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of namesOf(at)) node = node instanceof Folder ? node.live.get(name) : undefined;
    return node;
  }

  /** @throws DISK_FAILED when there is no such folder. */
  folder(at: string): Folder {
    const node = this.find(at);
    if (!(node instanceof Folder)) throw new CairnError('DISK_FAILED', `${at} is no folder`);
    return node;
  }

  /** Makes the folder and its parents, durable at once. */
  makeFolder(at: string): void {
    let folder = this.#root;
    for (const name of namesOf(at)) {
      const known: Node = folder.live.get(name) ?? new Folder();
      if (!(known instanceof Folder)) throw new CairnError('DISK_FAILED', `${at}: ${name} is a file`);
      folder.live.set(name, known);
      folder.durable.set(name, known);
      folder = known;
    }
  }

  createFile(at: string): PagedFile {
    const { folder, name } = this.#placeOf(at);
    const file = new PagedFile();
    this.#change([{ folder, name, node: file }]);
    return file;
  }

  rename(from: string, to: string): void {
    const source = this.#placeOf(from);
    const target = this.#placeOf(to);
    const node = source.folder.live.get(source.name);
    const replaced = target.folder.live.get(target.name);
    if (node === undefined) throw new CairnError('DISK_FAILED', `${from} does not exist`);
    if (node === replaced) return;
    if (replaced !== undefined && (node instanceof Folder || replaced instanceof Folder)) {
      throw new CairnError('DISK_FAILED', `${to} exists`);
    }
    this.#change([
      { ...source, node: undefined },
      { ...target, node },
    ]);
  }

  remove(at: string): void {
    const node = this.find(at);
    if (node === undefined) return;
    if (node instanceof Folder) throw new CairnError('DISK_FAILED', `${at} is a folder`);
    this.#change([{ ...this.#placeOf(at), node: undefined }]);
  }

  /** Makes the folder's waiting changes durable, with all that they build on. */
  sync(folder: Folder): void {
    const touched = new Set([folder]);
    const synced: NameChange[][] = [];
    const stillWaiting: NameChange[][] = [];
    for (const operation of this.#waiting.toReversed()) {
      const belongs = operation.some((change) => touched.has(change.folder));
      if (belongs) for (const change of operation) touched.add(change.folder);
      (belongs ? synced : stillWaiting).unshift(operation);
    }
    for (const operation of synced) apply(operation, 'durable');
    this.#waiting = stillWaiting;
  }

  /** @param torn Lets a random beginning of what waits survive; without it nothing does. */
  cutPower(torn?: SeededRandom): void {
    const survivors = torn === undefined ? 0 : torn.below(this.#waiting.length + 1);
    for (const operation of this.#waiting.slice(0, survivors)) apply(operation, 'durable');
    this.#waiting = [];
    for (const node of nodesBelow(this.#root, 'durable')) {
      if (node instanceof PagedFile) {
        node.cutPower(torn);
        continue;
      }
      node.live.clear();
      for (const [name, child] of node.durable) node.live.set(name, child);
    }
  }

  get usedBytes(): number {
    let sum = 0;
    for (const node of nodesBelow(this.#root, 'live')) if (node instanceof PagedFile) sum += node.size;
    return sum;
  }

  #placeOf(at: string): { folder: Folder; name: string } {
    const resolved = path.posix.resolve('/', at);
    return { folder: this.folder(path.posix.dirname(resolved)), name: path.posix.basename(resolved) };
  }

  #change(operation: NameChange[]): void {
    apply(operation, 'live');
    this.#waiting.push(operation);
  }
}

function namesOf(at: string): string[] {
  return path.posix
    .resolve('/', at)
    .split('/')
    .filter((name) => name !== '');
}

function apply(operation: readonly NameChange[], layer: 'live' | 'durable'): void {
  for (const { folder, name, node } of operation) {
    if (node === undefined) folder[layer].delete(name);
    else folder[layer].set(name, node);
  }
}

function* nodesBelow(node: Node, layer: 'live' | 'durable'): Generator<Node> {
  yield node;
  if (node instanceof PagedFile) return;
  for (const child of node[layer].values()) yield* nodesBelow(child, layer);
}
