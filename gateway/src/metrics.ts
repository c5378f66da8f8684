/** What a gateway counts. */
import type { MetricSample } from '@cairn/core';

export class GatewayMetrics {
  readonly #requests = new Map<string, { operation: string; status: number; count: number }>();
  inFlight = 0;
  receivedBytes = 0;
  sentBytes = 0;
  brokenAnswers = 0;

  /** @param operation The operation's kind, or `none` for what was refused before it was known. */
  count(operation: string, status: number): void {
    const name = `${operation} ${status}`;
    const known = this.#requests.get(name);
    if (known === undefined) this.#requests.set(name, { operation, status, count: 1 });
    else known.count += 1;
  }

  samples(): MetricSample[] {
    const single = (sample: Omit<MetricSample, 'labels'>): MetricSample => ({ ...sample, labels: {} });
    const requests = [...this.#requests.values()].map(
      ({ operation, status, count }): MetricSample => ({
        name: 'cairn_gateway_requests_total',
        help: 'Requests that were answered, by operation and status.',
        type: 'counter',
        labels: { operation, status: String(status) },
        value: count,
      }),
    );
    return [
      ...requests,
      single({
        name: 'cairn_gateway_inflight_requests',
        help: 'Requests that are worked on.',
        type: 'gauge',
        value: this.inFlight,
      }),
      single({
        name: 'cairn_gateway_received_bytes_total',
        help: 'Bytes of request bodies that arrived.',
        type: 'counter',
        value: this.receivedBytes,
      }),
      single({
        name: 'cairn_gateway_sent_bytes_total',
        help: 'Bytes of answers, heads excluded.',
        type: 'counter',
        value: this.sentBytes,
      }),
      single({
        name: 'cairn_gateway_broken_answers_total',
        help: 'Answers that were begun and could not be completed: the connection was broken.',
        type: 'counter',
        value: this.brokenAnswers,
      }),
    ];
  }
}
