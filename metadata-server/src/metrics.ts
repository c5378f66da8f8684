/** What a metadata server counts, in Prometheus' sense. */
import type { MetricSample, NodeState } from '@cairn/core';
import { surveyVolumes } from './cluster/survey.ts';
import type { Leader } from './leader.ts';

type Labels = Record<string, string>;

const NODE_STATES = [
  'joining',
  'alive',
  'slow',
  'readonly',
  'suspect',
  'down',
  'draining',
  'dead',
] as const satisfies readonly NodeState[];

export function metricsOf(leader: Leader | undefined): MetricSample[] {
  const samples: MetricSample[] = [];
  const add = (type: MetricSample['type'], name: string, help: string) => {
    return (value: number, labels: Labels = {}) =>
      samples.push({ name: `cairn_metadata_${name}`, help, type, labels, value });
  };
  add('gauge', 'leader', 'Whether this server leads.')(leader === undefined ? 0 : 1);
  if (leader === undefined) return samples;
  const { state, executor, config, timers } = leader;
  add('gauge', 'epoch', 'The epoch of this leader.')(leader.epoch);
  add('counter', 'commits_total', 'Durable commits.')(executor.counts.commits);
  add('counter', 'commands_total', 'Commands that were answered.')(executor.counts.commands);
  add('counter', 'command_reruns_total', 'Commands run again after loading.')(executor.counts.reruns);
  add('gauge', 'commands_queued', 'Commands that wait for the next commit.')(executor.queued);
  add('gauge', 'sessions', 'Open sessions of writers.')(state.sessions.size);
  add('gauge', 'commit_results', 'Recorded commit results.')(state.results.size);
  add('gauge', 'buckets', 'Buckets.')(state.buckets.size);
  add('gauge', 'garbage_bytes', 'Bytes of chunks queued as garbage.')(state.garbage.bytes);
  add('counter', 'chunk_reports_total', 'Chunk damage reported by readers.')(state.damage.receivedTotal);
  const nodes = state.nodes.all();
  const nodeCount = add('gauge', 'nodes', 'Storage nodes by state.');
  for (const name of NODE_STATES) nodeCount(nodes.filter((node) => node.state === name).length, { state: name });
  const survey = surveyVolumes({ ...state, ...config, ...timers });
  const volumeCount = add('gauge', 'volumes', 'Volumes by state.');
  volumeCount(survey.open, { state: 'open' });
  volumeCount(survey.sealed, { state: 'sealed' });
  add('gauge', 'volumes_under_replicated', 'Volumes without all copies.')(survey.underReplicated);
  add('gauge', 'volumes_lost', 'Volumes without any replica that can be read.')(survey.lost);
  addWorkers(leader, add);
  return samples;
}

type Adder = (type: MetricSample['type'], name: string, help: string) => (value: number, labels?: Labels) => unknown;

function addWorkers({ workers }: Leader, add: Adder): void {
  const done = add('counter', 'worker_done_total', 'Things that a background worker did.');
  const queued = add('gauge', 'worker_queued', 'Things that wait for a background worker.');
  const failing = add('gauge', 'worker_failing', 'Whether the last pass of a background worker failed.');
  for (const { status } of workers) {
    const labels = { worker: status.name };
    done(status.doneTotal, labels);
    queued(status.queued, labels);
    failing(status.lastError === '' ? 0 : 1, labels);
  }
}
