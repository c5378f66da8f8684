/** The door of the gateway. */
export { type GatewayConfig, gatewaySchema } from './config.ts';
export { startGateway } from './gateway.ts';
