/** `cairn metadata-server|storage-node|gateway`: one role alone, in the foreground. */
import type { Command } from 'commander';
import type { RoleName } from '../dev/endpoints.ts';

const ROLES: Record<RoleName, string> = {
  'metadata-server': 'names, volumes, nodes and sessions',
  'storage-node': 'keeps chunks in volumes on one disk',
  gateway: 'S3 over HTTP',
};

export function register(program: Command): void {
  for (const [role, what] of Object.entries(ROLES) as [RoleName, string][]) {
    program
      .command(role)
      .summary(`run one ${role}: ${what}`)
      .description(
        `Runs one ${role} in the foreground: ${what}. Logs are JSON lines on stderr; SIGTERM drains and stops.`,
      )
      .requiredOption('--config <file>', 'JSON; unknown keys are refused')
      .addHelpText(
        'after',
        `\nExample:\n  cairn ${role} --config ${role}.json    cairn dev writes such files to DIR/run`,
      )
      .action(async ({ config }: { config: string }) => {
        const { runRole } = await import('../role/run-role.ts');
        await runRole(role, config);
      });
  }
}
