import { Counter, type Registry } from 'prom-client';
import { joinPieces } from './exposition.ts';

/** Families that are rendered together, and left out together if that fails. */
interface FamilyGroup {
  readonly name: string;
  render(): Promise<string | readonly Uint8Array[]>;
}

interface GroupsOptions {
  /** Counts failures; its group comes last, so that a scrape shows its own failures. */
  readonly registry: Registry;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: { warn(event: string, fields: Record<string, unknown>): void };
}

/** A group that fails at every scrape is logged at most this often. */
const LOG_EVERY_MS = 60_000;

/**
 * Renders all groups as one text in UTF-8. A group that fails is left out, counted, and logged at most once a
 * minute, because the other families are needed most when something is wrong.
 */
export function groupRenderer(groups: readonly FamilyGroup[], { registry, now, log }: GroupsOptions) {
  const failures = new Counter({
    name: 'hpc_observe_metrics_group_failures_total',
    help: 'Scrapes without a group of families because it failed, by group',
    labelNames: ['group'],
    registers: [registry],
  });
  for (const { name } of groups) failures.inc({ group: name }, 0);
  const loggedMs = new Map<string, number>();

  async function renderGuarded({ name, render }: FamilyGroup): Promise<readonly Uint8Array[]> {
    try {
      const text = await render();
      return typeof text === 'string' ? [Buffer.from(text)] : text;
    } catch (cause) {
      failures.inc({ group: name });
      const nowMs = now();
      if (nowMs - (loggedMs.get(name) ?? -Infinity) >= LOG_EVERY_MS) {
        loggedMs.set(name, nowMs);
        log.warn('metrics_group_failed', { group: name, cause });
      }
      return [];
    }
  }

  return async (): Promise<Uint8Array<ArrayBuffer>> => {
    const pieces: Uint8Array[] = [];
    for (const group of groups) pieces.push(...(await renderGuarded(group)));
    return joinPieces(pieces);
  };
}
