import { readFileSync } from 'node:fs';
import { OperatorError } from '../domain/errors.ts';
import { explainSystemError } from '../errno.ts';

/** Reads a file of policies as text; OperatorError if it cannot be read. */
export function readPolicyFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new OperatorError(`${path} cannot be read: ${explainSystemError(error)}.`, { cause: error });
  }
}
