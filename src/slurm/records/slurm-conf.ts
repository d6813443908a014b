/**
 * The settings that `scontrol show config` prints, each with its values (mostly one); settings without a
 * value are absent.
 */
export type SlurmConfig = ReadonlyMap<string, readonly string[]>;

const LINE = /^(\w+)(?:\[\d+\])?\s*=\s?(.*)$/;
/** What scontrol prints for no value. */
const BLANKS: ReadonlySet<string> = new Set(['', '(null)', 'N/A']);

/**
 * Reads the output of `scontrol show config`. Newer versions
 * print a setting that may be repeated as `Prolog[0]`.
 */
export function parseSlurmConfig(text: string): SlurmConfig {
  const config = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = LINE.exec(line) ?? [];
    if (name === undefined || BLANKS.has(value.trim())) continue;
    config.set(name, [...(config.get(name) ?? []), value.trim()]);
  }
  return config;
}

/** Returns the uid in `slurm(64030)`. */
export function readUserId(text: string | undefined): number | undefined {
  const match = /\((\d+)\)$/.exec(text ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Returns the name in `slurm(64030)`. */
export const readUserName = (text: string | undefined): string | undefined =>
  /^(.+)\(\d+\)$/.exec(text ?? '')?.[1];

/** Returns whether Slurm hides the jobs of others from users who are not operators. */
export const hidesJobs = (config: SlurmConfig): boolean =>
  (config.get('PrivateData') ?? []).some((value) => /(?:^|,)(?:jobs|all)(?:,|$)/.test(value));
