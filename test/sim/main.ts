/**
 * `npm run sim [-- --seed N] [--minutes M] [--runs N] [--faults a,b] [--events]`: the whole cluster in this process, on a clock, disks and a
 * network in memory, run after run from one seed on, until M minutes are over (default 1) or N runs are done. A run is decided by its
 * seed alone: `--seed N --runs 1` repeats it, event for event. All time is simulated; hashing and compiling are the only things that
 * take real time, and no decision depends on them.
 */
import { parseArgs } from 'node:util';
import { FAULT_NAMES } from './faults.ts';
import { type SimulationResult, simulate } from './simulation.ts';

const { values: flags } = parseArgs({
  options: {
    seed: { type: 'string' },
    minutes: { type: 'string', default: '1' },
    runs: { type: 'string' },
    faults: { type: 'string' },
    events: { type: 'boolean', default: false },
  },
});

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function numberOf(flag: string, text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && number >= 0 && Number.isFinite(number)) return number;
  process.stderr.write(`--${flag} ${text}: write a number of 0 or more\n`);
  process.exit(2);
}

function faultsOf(text: string): string[] {
  const names = text.split(',').filter((name) => name !== '');
  const unknown = names.find((name) => !FAULT_NAMES.includes(name));
  if (unknown === undefined) return names;
  process.stderr.write(`--faults ${unknown}: there is no such fault; choose of ${FAULT_NAMES.join(',')}\n`);
  process.exit(2);
}

function report(result: SimulationResult): void {
  const { seed, simulatedMs, faults, answered, unanswered, judged, undecided, fingerprint } = result;
  say(
    `seed ${seed}: ${(simulatedMs / 1000).toFixed(0)} s, ${faults} faults, ${answered} operations answered, ${unanswered} not, ` +
      `${judged} answers judged, ${undecided} keys undecided, fingerprint ${fingerprint}`,
  );
  const isBad = result.violations.length > 0;
  if (isBad || flags.events) for (const line of result.lastEvents) say(`  ${line}`);
  for (const violation of result.violations) say(`seed ${seed}: VIOLATION: ${violation}`);
  if (isBad)
    say(
      `to see it again: npm run sim -- --seed ${seed} --runs 1${flags.faults === undefined ? '' : ` --faults ${flags.faults}`}`,
    );
}

const firstSeed = flags.seed === undefined ? Date.now() % 1_000_000_000 : numberOf('seed', flags.seed);
const endMs = Date.now() + numberOf('minutes', flags.minutes) * 60_000;
const runsMax = flags.runs === undefined ? Number.POSITIVE_INFINITY : numberOf('runs', flags.runs);
const faults = flags.faults === undefined ? FAULT_NAMES : faultsOf(flags.faults);
say(`seed ${firstSeed}`);

let seed = firstSeed;
process.on('uncaughtException', (error) => {
  say(`seed ${seed}: VIOLATION: uncaught: ${error.stack}`);
  process.exit(1);
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say(`seed ${seed}: not done when it was stopped`);
    process.exit(1);
  });
}
do {
  const result = await simulate({ seed, faults });
  report(result);
  if (result.violations.length > 0) process.exit(1);
  seed += 1;
} while (seed - firstSeed < runsMax && Date.now() < endMs);
