/** What `scontrol show config` says: the values of each setting, of which most have one; those without a value are absent. */
export type SlurmConfig = ReadonlyMap<string, readonly string[]>;

const LINE = /^(\w+)(?:\[\d+\])?\s*=\s?(.*)$/;
/** What stands for no value. */
const NOTHING: ReadonlySet<string> = new Set(['', '(null)', 'N/A']);

/** Reads what `scontrol show config` prints. `Prolog[0]`, as newer versions write a setting that may be given twice, is `Prolog`. */
export function parseSlurmConfig(text: string): SlurmConfig {
  const config = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [, name, value = ''] = LINE.exec(line) ?? [];
    if (name === undefined || NOTHING.has(value.trim())) continue;
    config.set(name, [...(config.get(name) ?? []), value.trim()]);
  }
  return config;
}

/** The number of the user in `slurm(64030)`. */
export function readUserId(text: string | undefined): number | undefined {
  const match = /\((\d+)\)$/.exec(text ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Whether Slurm shows a user no jobs but his own, unless he is an operator. */
export const hidesJobs = (config: SlurmConfig): boolean =>
  (config.get('PrivateData') ?? []).some((value) => /(?:^|,)(?:jobs|all)(?:,|$)/.test(value));
