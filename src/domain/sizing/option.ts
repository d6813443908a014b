// How what is asked for is rounded, and written for sbatch(1).

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const GB = 1024;

/** Rounds up to a multiple; rounding errors of the product before do not count. */
const roundUp = (value: number, step: number): number => Math.max(1, Math.ceil(value / step - 1e-9)) * step;

/** Rounds MB up to 100 MB below a GB, and to whole GB above: `--mem=300M`, `--mem=12G`. */
export function writeMemory(mb: number): readonly [mb: number, option: string] {
  const small = roundUp(mb, 100);
  if (small < 1000) return [small, `--mem=${small}M`];
  const enough = roundUp(mb, GB);
  return [enough, `--mem=${enough / GB}G`];
}

/** Rounds seconds up to five minutes, a quarter of an hour from an hour on, and hours from six on. */
export function writeTime(seconds: number): readonly [seconds: number, option: string] {
  const step = seconds < HOUR ? 5 * MINUTE : seconds < 6 * HOUR ? 15 * MINUTE : HOUR;
  const enough = roundUp(seconds, step);
  return [enough, `--time=${writeLimit(enough)}`];
}

/** Writes seconds as sbatch reads them: `H:MM:00`, `D-HH:MM:00`. */
export function writeLimit(seconds: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / HOUR), Math.ceil((seconds % HOUR) / MINUTE)];
  const clock = `${pad(minutes)}:00`;
  return hours < 24 ? `${hours}:${clock}` : `${Math.floor(hours / 24)}-${pad(hours % 24)}:${clock}`;
}
