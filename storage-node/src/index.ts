/** The door of the storage node: keeps chunks in volumes, knows nothing of objects. */
export { type StorageNodeConfig, storageNodeSchema } from './config.ts';
export type { OpenIndex } from './index/chunk-index.ts';
export { MemoryIndexStore } from './index/memory-index.ts';
export { type RunningStorageNode, type StorageNodePorts, startStorageNode } from './start.ts';
