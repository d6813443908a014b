import { isPostgresAddress } from '../domain/database-address.ts';
import { OperatorError } from '../domain/errors.ts';
import { type CopyOptions, type CopyResult, copyTables } from './copy/copy.ts';
import type { CopySource, CopyTarget } from './copy/side.ts';

/**
 * Copies everything from a file to a PostgreSQL database, or back. Goes on with a copy that was interrupted.
 * Rejects with OperatorError if a service uses one of them, or the target has rows of its own.
 */
export async function copyDatabase(from: string, to: string, options?: CopyOptions): Promise<CopyResult> {
  if (isPostgresAddress(from) === isPostgresAddress(to))
    throw new OperatorError(
      'One of the two must be a file, and the other the address of a PostgreSQL database (postgres://…). ' +
        (isPostgresAddress(from)
          ? 'Use pg_dump for a copy within PostgreSQL.'
          : 'Use hpc-observe backup for a copy of a file.'),
    );
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      return await copyTables(source, target, options);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

async function openSource(location: string): Promise<CopySource> {
  if (isPostgresAddress(location))
    return (await import('./postgres/copy/source.ts')).openCopySource(location);
  return (await import('./sqlite/copy/source.ts')).openCopySource(location);
}

async function openTarget(location: string): Promise<CopyTarget> {
  if (isPostgresAddress(location))
    return (await import('./postgres/copy/target.ts')).openCopyTarget(location);
  return (await import('./sqlite/copy/target.ts')).openCopyTarget(location);
}
