/** The supervisor's own words on the terminal. A terminal that went away is no reason to stop. */

export interface Terminal {
  say(line: string): void;
}

export const realTerminal: Terminal = {
  say(line) {
    process.stdout.write(`${line}\n`);
  },
};

/** Called once: without a listener a closed terminal would end the process. */
export function ignoreLostTerminal(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}
