import { TRY_POLICIES } from '../../api/policy.ts';
import { WriterElsewhere } from '../../domain/errors.ts';
import type { DutyStore } from '../../domain/store/duty.ts';

const WRITES: ReadonlySet<string> = new Set(['POST', 'PATCH', 'DELETE']);

/**
 * Throws WriterElsewhere for a request that writes, before its body is read, where another service writes.
 * `route` is the pattern of the path. The few requests with GET that write are refused by the store.
 */
export function requireWriter(
  { duty, writerUrl }: Pick<DutyStore, 'duty' | 'writerUrl'>,
  method: string,
  route: string,
): void {
  if (!WRITES.has(method) || duty() === 'writer') return;
  // It only reads.
  if (route !== TRY_POLICIES.path) throw new WriterElsewhere(writerUrl());
}
