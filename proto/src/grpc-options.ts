/**
 * How gRPC is set up, on both sides, in one place.
 *
 * Windows: `@grpc/grpc-js` opens the receive window of its client (`grpc-node.flow_control_window`) but leaves its server at HTTP/2's
 * 64 KiB, which makes a sender wait for a round trip per 64 KiB: 350 MB/s instead of 1,600 MB/s on loopback.
 */
import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { invariant, LIMITS } from '@cairn/core';
import { type ChannelOptions, logVerbosity, type Server, setLogVerbosity } from '@grpc/grpc-js';

// What gRPC would print on stderr reaches callers as errors, and the logs of a role through them.
setLogVerbosity(logVerbosity.NONE);

/** A packet is closed when it reaches its target, so its last frame may exceed it by a whole message. */
const GRPC_MESSAGE_BYTES_MAX = LIMITS.messageBytesMax + LIMITS.packetBytesTarget;
/** A peer that stopped or was cut off is noticed within twice this time, also when nothing is sent. */
const KEEPALIVE_MS = 5000;

const SHARED = {
  'grpc.max_receive_message_length': GRPC_MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': GRPC_MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': KEEPALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
  'grpc.enable_channelz': 0,
} satisfies ChannelOptions;

export const CLIENT_OPTIONS: ChannelOptions = {
  ...SHARED,
  'grpc-node.flow_control_window': LIMITS.http2WindowBytes,
  // A peer that comes back is found within a second.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
  // What may be repeated is the caller's decision.
  'grpc.enable_retries': 0,
  'grpc.service_config_disable_resolution': 1,
  // The processes of a cluster reach each other directly.
  'grpc.enable_http_proxy': 0,
  // A channel owns its connection: closing the one closes the other.
  'grpc.use_local_subchannel_pool': 1,
};

export const SERVER_OPTIONS: ChannelOptions = {
  ...SHARED,
  'grpc.max_concurrent_streams': LIMITS.callsInFlightMax,
};

const opened = new WeakSet<Http2Server>();

/**
 * Opens the receive windows of everything that connects to this server: of each stream by HTTP/2's settings, of the session by a window
 * update. grpc-js has no option for it and keeps its http2 servers to itself; this is the one place that looks inside. Call it in
 * the callback of each binding, before the event loop can accept anything.
 *
 * @param sessions Receives every session for as long as it lives: grpc-js forgets to cut them in `forceShutdown` without channelz.
 */
export function openServerWindows(server: Server, sessions: Set<ServerHttp2Session>): void {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> };
  invariant(http2Servers instanceof Map && http2Servers.size > 0, 'grpc-js keeps its http2 servers in `http2Servers`');
  for (const http2Server of http2Servers.keys()) {
    if (opened.has(http2Server)) continue;
    opened.add(http2Server);
    http2Server.on('session', (session) => {
      sessions.add(session);
      session.once('close', () => sessions.delete(session));
      session.settings({ initialWindowSize: LIMITS.http2WindowBytes });
      session.setLocalWindowSize(LIMITS.http2WindowBytes);
    });
  }
}
