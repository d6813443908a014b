type Warn = (event: string, fields: Record<string, unknown>) => void;

type Attempt = <Value>(step: string, run: () => Promise<Value>) => Promise<Value | undefined>;

/**
 * Returns a function that runs a step; a failure resolves to
 * undefined and is logged once for each different message.
 */
export function loggedAttempts(warn: Warn): Attempt {
  const lastErrors = new Map<string, string>();
  return async (step, run) => {
    try {
      const value = await run();
      lastErrors.delete(step);
      return value;
    } catch (cause) {
      const error = cause instanceof Error ? cause.message : String(cause);
      if (lastErrors.get(step) !== error) warn('slurm_failed', { step, error });
      lastErrors.set(step, error);
      return undefined;
    }
  };
}
