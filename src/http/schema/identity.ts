import { FormatRegistry, Type } from '@sinclair/typebox';
import { isIdentity } from '../../domain/identity.ts';

// TypeBox counts UTF-16 units for maxLength, JSON Schema counts characters: the format does the counting for us.
FormatRegistry.Set('identity', isIdentity);
// Free text keeps its lines; a NUL would end it in SQLite.
FormatRegistry.Set('text', (text) => text.isWellFormed() && !text.includes('\0'));

/** The schema of an identity, with `description` for the published document. */
export const Identity = (description: string) => Type.String({ format: 'identity', description });
