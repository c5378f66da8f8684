/** The door of the metadata server: its configuration, and how to start it. */
export { type MetadataServerConfig, metadataServerSchema } from './config.ts';
export { type RunningMetadataServer, startMetadataServer } from './server.ts';
