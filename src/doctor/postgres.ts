import { type Checkup, missing, ok, wrong } from '../domain/checkup.ts';

/** What is known of a PostgreSQL database. */
export interface PostgresState {
  /** 0 if there are no tables yet. */
  readonly version: number;
  /** The version that this executable has. */
  readonly newest: number;
  /** The version of the server. */
  readonly server: string;
  /** Settings of the server that are off and without which a power failure damages the database. */
  readonly unsafe: readonly string[];
}

/** Judges the version of a database and the durability of its server. */
export function judgePostgres(name: string, { version, newest, server, unsafe }: PostgresState): Checkup[] {
  return [
    judgeVersion(name, version, newest),
    unsafe.length === 0
      ? ok(`PostgreSQL ${server} writes commits to disk.`)
      : wrong(
          `PostgreSQL ${server} runs with ${unsafe.join(' and ')} off: a power failure may damage the database.`,
          `Set ${unsafe.map((setting) => `${setting} = on`).join(' and ')} in postgresql.conf.`,
        ),
  ];
}

function judgeVersion(name: string, version: number, newest: number): Checkup {
  if (version === 0) return missing(`${name} has no tables yet.`, 'The service creates them when it starts.');
  if (version === newest) return ok(`${name} can be read and has the version of this executable.`);
  return version < newest
    ? missing(
        `${name} has version ${version}, and this executable has ${newest}.`,
        'It is migrated at the next start.',
      )
    : wrong(`${name} is of a newer hpc-observe.`, 'Install that one again.');
}
