/** What each signal that ends programs usually means (signal(7), and Slurm's use of them). */
const SIGNALS: Readonly<Record<number, readonly [name: string, means: string]>> = {
  1: ['SIGHUP', 'its terminal was closed'],
  2: ['SIGINT', 'interrupted from the keyboard or by scancel'],
  3: ['SIGQUIT', 'asked to quit and leave a core dump'],
  4: ['SIGILL', 'it used an instruction that this CPU lacks, as when it was built for another kind of node'],
  6: ['SIGABRT', 'it gave up by itself; its output should say why'],
  7: ['SIGBUS', 'it used memory that is not there, such as a file that became shorter'],
  8: ['SIGFPE', 'it divided by zero, or the like'],
  9: ['SIGKILL', 'killed by Slurm after its time, by the kernel for memory, or by scancel'],
  10: ['SIGUSR1', 'a signal for it to save its work, which it did not handle'],
  11: ['SIGSEGV', 'it used memory that is not its own, a fault of the program'],
  12: ['SIGUSR2', 'a signal for it to save its work, which it did not handle'],
  13: ['SIGPIPE', 'the program that read its output had ended'],
  15: ['SIGTERM', 'asked to end by scancel, by its time limit or by a job of higher priority'],
  24: ['SIGXCPU', 'it used up a limit of CPU time (ulimit -t)'],
  25: ['SIGXFSZ', 'it wrote a file larger than allowed (ulimit -f)'],
};

/** Describes a signal: `signal 11 (SIGSEGV): it used memory …`. */
export function describeSignal(signal: number): string {
  const known = SIGNALS[signal];
  return known ? `signal ${signal} (${known[0]}): ${known[1]}` : `signal ${signal}`;
}

/** Codes with a meaning in every shell (bash(1), EXIT STATUS). */
const EXIT_CODES: Readonly<Record<number, string>> = {
  126: 'a command was found that may not be run',
  127: 'a command was not found, as when a module is missing',
};
const FIRST_SIGNAL_CODE = 128;

/** Describes an exit code: shells give 128 and the number of the signal that ended a program. */
export function describeExitCode(code: number): string {
  if (EXIT_CODES[code]) return `exit code ${code}: ${EXIT_CODES[code]}`;
  const signal = code - FIRST_SIGNAL_CODE;
  return SIGNALS[signal]
    ? `exit code ${code}, which shells give for ${describeSignal(signal)}`
    : `exit code ${code}`;
}
