/** The command line itself: what is listed, what is refused. */
import { describe, expect, it } from 'vitest';
import { buildProgram } from './program.ts';

/** Parses without a process around it. @returns What ended the parsing, and what was printed. */
async function typed(...words: string[]): Promise<{ code: string; text: string }> {
  const program = buildProgram('0.0.0');
  let text = '';
  const write = (line: string) => {
    text += line;
  };
  for (const command of [program, ...program.commands]) {
    command.configureOutput({ writeOut: write, writeErr: write });
  }
  const code = await program.parseAsync(words, { from: 'user' }).then(
    () => 'ran',
    (error: { code?: string; name: string }) => error.code ?? error.name,
  );
  return { code, text };
}

describe('cairn', () => {
  it('lists every command that exists and none that does not', async () => {
    const { text } = await typed('--help');
    for (const { name } of buildProgram('').commands.map((command) => ({ name: command.name() })))
      expect(text).toContain(name);
    expect(text).not.toMatch(/^ {2}(drain|rebalance|repair|sync|cp|mv|bench|keys|fsck)\b/m);
  });

  it.each(buildProgram('').commands.map((command) => command.name()))('shows an example in %s --help', async (name) => {
    const { code, text } = await typed(name, '--help');
    expect(code).toBe('commander.helpDisplayed');
    expect(text).toMatch(new RegExp(`Examples?:\\n {2}cairn ${name}`));
  });

  it.each([
    ['an unknown command', ['drain', 'storage-node-1'], "cairn: unknown command 'drain'\n"],
    ['an unknown option', ['status', '--wat'], "cairn: unknown option '--wat'\n"],
    ['a missing argument', ['mb'], "cairn: missing required argument 'bucket'\n"],
    ['too many arguments', ['mb', 'a', 'b'], /^cairn: too many arguments.*\n$/],
    ['a role without its configuration', ['gateway'], /^cairn: required option '--config <file>' not specified\n$/],
  ])('says in one line what is wrong with %s', async (_, words, line) => {
    const { code, text } = await typed(...words);
    expect(code).toMatch(/^commander\./);
    expect(text).toMatch(line);
    expect(text.trimEnd()).not.toContain('\n');
  });

  it.each([
    ['mb', 'photos/key'],
    ['cat', 'photos'],
    ['put', 'photos/key'],
    ['cat', 'photos/key', '--json'],
  ])('refuses %s %s before it asks any cluster', async (...words) => {
    expect((await typed(...words)).code).toBe('UsageError');
  });
});
