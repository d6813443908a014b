import { isLoopback, parseAddress } from '../access/address.ts';
import { OperatorError } from '../domain/errors.ts';
import { describeListener, type Listener } from '../settings/listener.ts';
import type { ServiceWay } from './ways.ts';

interface StrangerOptions {
  readonly listeners: readonly Listener[];
  readonly ways: readonly Pick<ServiceWay, 'isAvailable'>[];
  /** Whether everybody may do everything. */
  readonly isOpen: boolean;
}

/**
 * Rejects with OperatorError if other machines reach a listener, and nobody there could prove who they are.
 */
export async function refuseStrangers({ listeners, ways, isOpen }: StrangerOptions): Promise<void> {
  const reached = listeners.find(isBeyondMachine);
  if (isOpen || !reached) return;
  const available = await Promise.all(ways.map(async ({ isAvailable }) => isAvailable()));
  if (available.includes(true)) return;
  throw new OperatorError(
    `Other machines reach ${describeListener(reached)}, and nobody there could prove who they are: run munged, which Slurm ` +
      'needs anyway, or create a token with hpc-observe token create --name NAME --role viewer, or let everybody do ' +
      'everything with --open.',
  );
}

function isBeyondMachine(listener: Listener): boolean {
  if (listener.kind === 'unix' || listener.host === 'localhost') return false;
  const address = parseAddress(listener.host);
  return !address || !isLoopback(address);
}
