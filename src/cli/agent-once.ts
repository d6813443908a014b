import { OperatorError } from '../domain/errors.ts';
import type { Given } from '../settings/sources.ts';
import { describeValue } from './config.ts';
import { describePlace, locateService } from './connection.ts';
import { type ProofConfig, proveUser } from './proof.ts';

/** CPU usage is what was used between two readings. */
const SPAN_MS = 1200;

interface OnceOptions {
  readonly config: ProofConfig & { readonly spool: string; readonly intervalMs: number };
  readonly origins: ReadonlyMap<string, Given>;
  readonly node: string;
  readonly root: string;
  readonly version: string;
}

/**
 * Reads the jobs of the node and returns, in words, what was found and what could not be read, the settings
 * in effect, and whether the service takes samples from here. Nothing is sent or kept.
 */
export async function explainAgent({ config, origins, node, root, version }: OnceOptions): Promise<string> {
  const [{ createReader }, { createClock }, { explainRound }] = await Promise.all([
    import('../agent/reader.ts'),
    import('../agent/clock.ts'),
    import('../agent/explain.ts'),
  ]);
  const { spool: hookSpool, intervalMs } = config;
  const clock = createClock();
  const reader = createReader({ node, root, hookSpool, intervalMs, version, clock, warn() {} });
  const service = describeService(config);
  await reader.read();
  await Bun.sleep(SPAN_MS);
  const found = explainRound(await reader.read(), node);
  return `${found}\n${describeSettings(origins)}\nService:\n  ${await service}\n`;
}

/** Those that somebody set; the others are in the documentation. */
function describeSettings(origins: ReadonlyMap<string, Given>): string {
  const set = [...origins].filter(([, { origin }]) => origin !== 'default');
  const lines = set.map(([name, given]) => `  ${describeValue(name, given)}  (${given.origin})\n`);
  return lines.length === 0
    ? 'Settings: all have their defaults.\n'
    : `Settings (the others have their defaults):\n${lines.join('')}`;
}

const MAY_SEND: readonly (string | undefined)[] = ['ingest', 'admin'];

/** Asks the service who this node is; one sentence says what to do where it takes no samples from here. */
async function describeService(config: ProofConfig): Promise<string> {
  const place = describePlace(locateService(config));
  try {
    const { who } = await proveUser(config);
    if (MAY_SEND.includes(who.role)) return `${place} takes samples from here, as ${who.name}: ${who.why}`;
    const known = who.name === undefined ? '' : `${who.name} has the role ${who.role}. `;
    return `${place} takes no samples from here. ${known}${who.why}`;
  } catch (error) {
    if (error instanceof OperatorError) return error.message;
    throw error;
  }
}
