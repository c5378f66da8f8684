/** The in-memory network: what every transport does, and the faults that only it has. */
import { transportConformance } from '../ports/transport.conformance.ts';
import { realClock } from '../real/clock.ts';
import { MemoryNetwork } from './network.ts';
import { SeededRandom } from './random.ts';

transportConformance('the in-memory transport', async () => {
  const network = new MemoryNetwork({ clock: realClock, random: new SeededRandom(1) });
  return { transport: network.transport('process'), where: { address: '127.0.0.1:0' } };
});
