/**
 * The result of one check of an installation. `missing` is not an error: without the part, the service learns
 * something later or never.
 */
export interface Checkup {
  readonly status: 'ok' | 'missing' | 'wrong';
  /** What was found, in one sentence. */
  readonly what: string;
  /** What to do: a command, or lines for a file of settings. */
  readonly advice?: string;
}

export const ok = (what: string): Checkup => ({ status: 'ok', what });
export const missing = (what: string, advice: string): Checkup => ({ status: 'missing', what, advice });
export const wrong = (what: string, advice: string): Checkup => ({ status: 'wrong', what, advice });

/** Renders a line for each check, what to do below it, and the counts at the end. */
export function renderCheckups(checkups: readonly Checkup[]): string {
  const lines = checkups.map(({ status, what, advice }) => {
    const help = advice === undefined ? '' : `         ${advice}\n`;
    return `${status.padEnd(7)}  ${what}\n${help}`;
  });
  const count = (wanted: Checkup['status']) => checkups.filter(({ status }) => status === wanted).length;
  return `${lines.join('')}\n${count('ok')} ok, ${count('missing')} missing, ${count('wrong')} wrong.\n`;
}
