import { isLoopback, parseAddress } from '../access/address.ts';
import { OperatorError } from '../domain/errors.ts';
import { describeListener } from '../settings/listener.ts';
import type { Place } from './listeners.ts';
import type { ServiceWay } from './ways.ts';

interface StrangerOptions {
  readonly places: readonly Place[];
  readonly ways: readonly Pick<ServiceWay, 'isAvailable'>[];
  /** Whether everybody may do everything. */
  readonly isOpen: boolean;
}

/**
 * Rejects with OperatorError if other machines reach a listener, and nobody there could prove who they are.
 */
export async function refuseStrangers({ places, ways, isOpen }: StrangerOptions): Promise<void> {
  const reached = places.find(isReachedByStrangers)?.listener;
  if (isOpen || !reached) return;
  const available = await Promise.all(ways.map(async ({ isAvailable }) => isAvailable()));
  if (available.includes(true)) return;
  throw new OperatorError(
    `Other machines reach ${describeListener(reached)}, and nobody there could prove who they are: run munged, which Slurm ` +
      'needs anyway, or create a token with hpc-observe token create --name NAME --role viewer, or let everybody do ' +
      'everything with --open.',
  );
}

function isReachedByStrangers({ listener, security }: Place): boolean {
  if (security === 'client-certificates') return false;
  if (listener.kind === 'unix' || listener.host === 'localhost') return false;
  const address = parseAddress(listener.host);
  return !address || !isLoopback(address);
}
