/**
 * The admin listener of a role: `/livez` (the process answers), `/readyz` (it can serve; else 503 and the reason) and `/metrics`.
 * Without authentication, so it shows no names, keys or data and belongs on an address that strangers cannot reach.
 */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { CairnError } from '@cairn/core';
import { joinHostPort, splitHostPort } from '../dev/flags.ts';

const HEADERS_TIMEOUT_MS = 5000;

export interface AdminPages {
  notReady: () => string | undefined;
  metrics: { contentType: string; render: () => Promise<string> };
}

export interface AdminListener {
  readonly address: string;
  close(): void;
}

interface Page {
  status: number;
  contentType?: string;
  text: string;
}

async function pageOf(pages: AdminPages, path: string): Promise<Page> {
  switch (path) {
    case '/livez':
      return { status: 200, text: 'ok\n' };
    case '/readyz': {
      const reason = pages.notReady();
      return reason === undefined ? { status: 200, text: 'ok\n' } : { status: 503, text: `${reason}\n` };
    }
    case '/metrics':
      return { status: 200, contentType: pages.metrics.contentType, text: await pages.metrics.render() };
    default:
      return { status: 404, text: 'there are /livez, /readyz and /metrics\n' };
  }
}

/** @throws CONFIG_INVALID naming `admin` when nobody may listen there. */
export async function startAdminListener(address: string, pages: AdminPages): Promise<AdminListener> {
  const server = http.createServer({ headersTimeout: HEADERS_TIMEOUT_MS, maxHeaderSize: 8192 }, (request, response) => {
    request.resume();
    const path = (request.url ?? '/').split('?')[0] as string;
    pageOf(pages, path).then(
      ({ status, contentType, text }) => {
        response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8' });
        response.end(request.method === 'HEAD' ? undefined : text);
      },
      (error: unknown) => response.writeHead(500).end(`${error}\n`),
    );
  });
  server.maxConnections = 64;
  const { host, port } = splitHostPort(address);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new CairnError('CONFIG_INVALID', `admin: cannot listen on ${address}: ${error.message}`, { cause: error }),
      );
    });
    server.listen({ host, port, exclusive: true }, resolve);
  });
  // A probe must not keep a drained process alive.
  server.unref();
  return {
    address: joinHostPort(host, (server.address() as AddressInfo).port),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
