/** The door of the command line: what others may know of a running local cluster. */
export { type Endpoints, type RoleEndpoint, type RoleName, readEndpoints } from './dev/endpoints.ts';
export { EXIT, exitCodeOf } from './exit-code.ts';
