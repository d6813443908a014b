import type { Database } from 'bun:sqlite';

/** The verdict that each number of the versions before meant. */
const VERDICTS = ['none', 'api', 'pending', 'running', 'absence', 'hook', 'squeue', 'sacct', 'jobcomp'];
/**
 * The letter of the origin that each rank meant; 3 was also squeue for sizes, and 1 a hook's own clock for
 * starts.
 */
const ORIGINS = ['', 'A', 'Q', 'H', 'S', 'J'];
/** Versions up to 6 had a digit for each of these fields, in this order. */
const OLD_FIELDS = 'unbjapqcstxmgwikr';

/**
 * Stores who said what of a run by names, in place of the numbers of tables in code: `detail.verdict` and
 * `detail.sources`, and the same in the JSON of `past_run.run`.
 */
export function nameSources(db: Database): void {
  db.run(`
    CREATE TEMP TABLE verdict_name (number INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TEMP TABLE origin_text (old TEXT PRIMARY KEY, new TEXT NOT NULL);
  `);
  const addVerdict = db.query('INSERT INTO verdict_name VALUES (?, ?)');
  for (const [number, name] of VERDICTS.entries()) addVerdict.run(number, name);
  const addText = db.query('INSERT INTO origin_text VALUES (?, ?)');
  const texts = db
    .query("SELECT sources FROM detail UNION SELECT run ->> '$.provenance.fields' FROM past_run")
    .values() as [string | null][];
  for (const [text] of texts) if (text !== null) addText.run(text, rename(text));

  // The indexes compare name by name, because SQLite builds a table of an IN list for every row that is written.
  db.run(`
    DROP INDEX detail_unsettled;
    ALTER TABLE detail RENAME COLUMN standing_ms TO verdict_ms;
    ALTER TABLE detail ADD COLUMN verdict TEXT NOT NULL DEFAULT 'none';
    UPDATE detail SET verdict = (SELECT name FROM verdict_name WHERE number = standing),
                      sources = (SELECT new FROM origin_text WHERE old = sources);
    ALTER TABLE detail DROP COLUMN standing;
    -- The few jobs that Slurm may know more about: not ended, or ended by a guess (domain UNCONFIRMED_VERDICTS).
    CREATE INDEX detail_unconfirmed ON detail (verdict_ms)
      WHERE verdict = 'pending' OR verdict = 'running' OR verdict = 'absence' OR verdict = 'hook';

    DROP INDEX past_run_unsettled;
    ALTER TABLE past_run DROP COLUMN standing;
    UPDATE past_run SET run = json_set(
      json_remove(run, '$.provenance.standing', '$.provenance.standingMs'),
      '$.provenance.fields', (SELECT new FROM origin_text WHERE old = run ->> '$.provenance.fields'),
      '$.provenance.verdict', (SELECT name FROM verdict_name WHERE number = run ->> '$.provenance.standing'),
      '$.provenance.verdictMs', run -> '$.provenance.standingMs');
    ALTER TABLE past_run ADD COLUMN verdict TEXT AS (run ->> '$.provenance.verdict');
    -- Not ended in Slurm's own word (domain CONFIRMED_VERDICTS).
    CREATE INDEX past_run_unconfirmed ON past_run (told)
      WHERE verdict <> 'squeue' AND verdict <> 'sacct' AND verdict <> 'jobcomp';

    DROP TABLE verdict_name;
    DROP TABLE origin_text;
  `);
}

/** Renames ranks such as `3un5bs`, or the digits of versions up to 6, to origins such as `HunJbs`. */
function rename(text: string): string {
  const isOld = /^\d+$/.test(text);
  const pairs = isOld
    ? [...text].map((digit, at) => [digit, OLD_FIELDS[at] ?? ''] as const)
    : [...text.matchAll(/(\d)(\D+)/g)].map(([, digit, letters]) => [digit!, letters!] as const);
  const fields = new Map<string, string>();
  for (const [digit, letters] of pairs) {
    const origin = ORIGINS[Number(digit)];
    if (origin) fields.set(origin, (fields.get(origin) ?? '') + letters);
  }
  return [...fields]
    .map(([origin, letters]) => origin + letters)
    .sort()
    .join('');
}
