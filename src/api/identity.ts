import { FormatRegistry, Type } from '@sinclair/typebox';
import { isIdentity } from '../domain/identity.ts';

// TypeBox counts UTF-16 units for maxLength, JSON Schema counts characters: the format does the counting for us.
FormatRegistry.Set('identity', isIdentity);
// Free text keeps its lines; a NUL would end it in SQLite.
FormatRegistry.Set('text', (text) => text.isWellFormed() && !text.includes('\0'));

// Times are read once, where a fault can be told in a sentence; the published document calls them date-time.
FormatRegistry.Set('moment', () => true);

/** The schema of a time; one without a zone is UTC. */
export const Moment = (description: string) =>
  Type.String({ format: 'moment', description: `${description}; a time without a zone is UTC` });

/** The schema of the id of a job: "." and ".." vanish from a URL's path, however they are encoded. */
export const JobId = (description: string) =>
  Type.String({ format: 'identity', pattern: '^(?!\\.\\.?$)', description });

/** The schema of an identity, with `description` for the published document. */
export const Identity = (description: string) => Type.String({ format: 'identity', description });
