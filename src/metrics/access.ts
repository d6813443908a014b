import { Counter, type Registry } from 'prom-client';
import { REFUSAL_REASONS, type RefusalReason } from '../domain/errors.ts';

/** Adds the families of who calls; returns what counts a credential that was refused. */
export function addAccessMetrics(registry: Registry): (reason: RefusalReason) => void {
  const refused = new Counter({
    name: 'hpc_observe_credentials_refused_total',
    help: 'Tokens, sessions and other credentials that were not valid, by reason; the log has where they came from',
    labelNames: ['reason'],
    registers: [registry],
  });
  for (const reason of REFUSAL_REASONS) refused.inc({ reason }, 0);
  return (reason) => refused.inc({ reason });
}
