/** `cairn dev`: a whole cluster on this machine; `npm start` is this. */
import { type Command, Option } from 'commander';
import { describeError, exitCodeOf } from '../exit-code.ts';

export function register(program: Command): void {
  program
    .command('dev')
    .summary('run a whole cluster on this machine (npm start)')
    .description(
      'Runs a whole cluster on this machine: metadata server, storage nodes and S3 gateways, each its own process.',
    )
    .option('--data <dir>', 'everything that is kept; a second start resumes it (default: ./cairn-data)')
    .option('--nodes <n>', 'storage nodes, each its own process, folder and failure domain (default: 3)')
    .option('--gateways <n>', 'gateway processes behind the one S3 port (default: one for every two cores)')
    .option('--metadata-servers <n>', 'more than 1 needs a store that is shared (default: 1)')
    .option('--metadata-store <url>', 'where metadata is kept (default: level:)')
    .option('--s3 <host:port>', 'the S3 listener (default: 127.0.0.1:9000)')
    .option('--replicas <r>', 'copies of each chunk (default: 3)')
    .option('--write-quorum <w>', 'durable copies before the answer (default: 2)')
    .option('--volume-size <size>', "at most 1/100 of a node's capacity (default: 4GiB or what fits)")
    .option('--node-capacity <size>', "what one node may use (default: the disk's share)")
    .option('--profile <name>', 'timers: production or test (default: production)')
    .option('--no-restart', 'leave a role that died dead')
    .option('--verbose', 'show all log lines')
    .addOption(new Option('--restart').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  cairn dev\n  cairn dev --nodes 5 --data /srv/cairn --s3 0.0.0.0:9000\n  npm start -- --nodes 5',
    )
    .action(async (typed: Record<string, unknown>) => {
      const [{ parseDevFlags }, { runDev }] = await Promise.all([import('../dev/flags.ts'), import('../dev/dev.ts')]);
      try {
        process.exitCode = await runDev(parseDevFlags(typed));
      } catch (error) {
        process.stderr.write(`cairn: ${describeError(error)}\n`);
        process.exitCode = exitCodeOf(error);
      }
      process.exit();
    });
}
