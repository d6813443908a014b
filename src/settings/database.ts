import {
  isPostgresAddress,
  isWholeAddress,
  withoutPassword,
  withPassword,
} from '../domain/database-address.ts';
import { OperatorError } from '../domain/errors.ts';
import type { SettingTable, Values } from './setting.ts';
import { optionalText } from './values.ts';

/** Where the state of the service is. */
export const DATABASE_SETTINGS = {
  database: {
    name: 'database',
    takes: 'PLACE',
    otherwise: './hpc-observe.db',
    help: 'Database file, created if it is missing; or postgres://USER@HOST/NAME',
    expects: 'the path of a file, or an address such as postgres://hpc_observe@db.example.org/hpc_observe',
    parse: (value: string) =>
      isPostgresAddress(value) && !isWholeAddress(value) ? undefined : value || undefined,
    show: withoutPassword,
  },
  databasePassword: {
    name: 'database-password',
    takes: 'PASSWORD',
    otherwise: '',
    help: 'Password of a PostgreSQL --database, better than in its address',
    isSecret: true,
    ...optionalText,
  },
  databaseReads: {
    name: 'database-reads',
    takes: 'ADDRESS',
    otherwise: '',
    help: 'Another way to the same PostgreSQL database, for reads: a pgbouncer in transaction mode',
    expects: 'an address such as postgres://hpc_observe@db.example.org:6432/hpc_observe',
    parse: (value: string): string | null | undefined => {
      if (value === '') return null;
      return isPostgresAddress(value) && isWholeAddress(value) ? value : undefined;
    },
    show: withoutPassword,
  },
} satisfies SettingTable;

/** The settings of every command that opens the database. */
export const DATABASE_KEYS = [
  'database',
  'databasePassword',
] as const satisfies readonly (keyof typeof DATABASE_SETTINGS)[];

/** Returns what `openStore` opens: the path of a file, or an address with its password. */
export function locateDatabase({
  database,
  databasePassword,
}: Values<typeof DATABASE_SETTINGS, (typeof DATABASE_KEYS)[number]>): string {
  return databasePassword !== null && isPostgresAddress(database)
    ? withPassword(database, databasePassword)
    : database;
}

/** Returns where a service reads, with its password; undefined if it reads where it writes. */
export function locateReads({
  database,
  databaseReads,
  databasePassword,
}: Values<typeof DATABASE_SETTINGS, keyof typeof DATABASE_SETTINGS>): string | undefined {
  if (databaseReads === null) return undefined;
  if (!isPostgresAddress(database))
    throw new OperatorError('--database-reads needs a --database postgres://…, which it is another way to.');
  return databasePassword === null ? databaseReads : withPassword(databaseReads, databasePassword);
}
