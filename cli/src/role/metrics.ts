/** A role's metrics as Prometheus text: its own samples, counters of this process (CPU, memory, event loop) and its readiness. */
import type { MetricSample } from '@cairn/core';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

export interface MetricsPage {
  contentType: string;
  render(): Promise<string>;
}

export function metricsPage(samples: () => MetricSample[]): MetricsPage {
  const defaults = new Registry();
  collectDefaultMetrics({ register: defaults });
  return {
    contentType: defaults.contentType,
    render: async () => {
      const own = registryOf(samples());
      return Registry.merge([own, defaults]).metrics();
    },
  };
}

/** Samples are values of now, so each page gets a registry of its own. */
export function registryOf(samples: readonly MetricSample[]): Registry {
  const registry = new Registry();
  for (const [name, group] of Map.groupBy(samples, (sample) => sample.name)) {
    const { type, help } = group[0] as MetricSample;
    const labelNames = [...new Set(group.flatMap((sample) => Object.keys(sample.labels)))];
    const options = { name, help, labelNames, registers: [registry] };
    const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
    for (const sample of group) metric.inc(sample.labels, sample.value);
  }
  return registry;
}
