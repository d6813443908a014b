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
  /** Rights that the role lacks, such as `DELETE on job`. */
  readonly lacking: readonly string[];
  /** How far the clock of the server is ahead of the one here, and how long one question took. */
  readonly aheadMs: number;
  readonly answerMs: number;
}

/** Clocks that differ by more make times of samples and of the server's log hard to compare. */
const MAX_CLOCK_MS = 2000;
/** A write waits for several answers; slower ones are those of another site. */
const MAX_ANSWER_MS = 50;

/** Judges the version of a database, the rights of its role, and the server. */
export function judgePostgres(
  name: string,
  { version, newest, server, unsafe, lacking, aheadMs, answerMs }: PostgresState,
): Checkup[] {
  return [
    judgeVersion(name, version, newest),
    lacking.length === 0
      ? ok('Its role has the rights that the service needs.')
      : wrong(
          `Its role lacks ${lacking.join(', ')}.`,
          'As the owner of the tables: GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA … TO …, and USAGE ON ALL SEQUENCES.',
        ),
    unsafe.length === 0
      ? ok(`PostgreSQL ${server} writes commits to disk.`)
      : wrong(
          `PostgreSQL ${server} runs with ${unsafe.join(' and ')} off: a power failure may damage the database.`,
          `Set ${unsafe.map((setting) => `${setting} = on`).join(' and ')} in postgresql.conf.`,
        ),
    answerMs <= MAX_ANSWER_MS
      ? ok(`It answers within ${answerMs.toFixed(1)} ms.`)
      : wrong(
          `It takes ${Math.round(answerMs)} ms to answer; every write waits for some answers.`,
          'Use a server nearer by.',
        ),
    Math.abs(aheadMs) <= MAX_CLOCK_MS + answerMs
      ? ok('Its clock and the one here agree.')
      : wrong(
          `Its clock is ${(Math.abs(aheadMs) / 1000).toFixed(1)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} the one here.`,
          'Let both machines follow the same time servers (chronyc tracking).',
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
