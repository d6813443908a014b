import type { Database } from 'bun:sqlite';
import { randomBytes } from 'node:crypto';

const TABLES = `
-- What policies told whom (domain Notice). content: JSON of its subject, what the site says, and its parts.
CREATE TABLE notice (
  number   INTEGER PRIMARY KEY AUTOINCREMENT,
  policy   TEXT    NOT NULL,
  audience TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  time     INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  content  TEXT    NOT NULL,
  UNIQUE (policy, audience, name, until)
) STRICT;

CREATE INDEX notice_by_time ON notice (time);
CREATE INDEX notice_by_name ON notice (audience, name, number);

-- How each notice is sent; next: when to try.
CREATE TABLE delivery (
  notice INTEGER NOT NULL,
  way    TEXT    NOT NULL,
  state  TEXT    NOT NULL,
  tries  INTEGER NOT NULL,
  next   INTEGER NOT NULL,
  error  TEXT,
  PRIMARY KEY (notice, way)
) STRICT, WITHOUT ROWID;

CREATE INDEX delivery_waiting ON delivery (way, next) WHERE state = 'waiting';
CREATE INDEX delivery_sending ON delivery (notice) WHERE state = 'sending';

-- The latest notice of a policy to somebody about a job; start: of the run that it named.
CREATE TABLE notice_run (
  policy   TEXT    NOT NULL,
  audience TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  job      TEXT    NOT NULL,
  start    INTEGER NOT NULL,
  notice   INTEGER NOT NULL,
  PRIMARY KEY (policy, audience, name, job)
) STRICT, WITHOUT ROWID;

CREATE INDEX notice_run_by_notice ON notice_run (notice);

CREATE TRIGGER notice_deleted AFTER DELETE ON notice BEGIN
  DELETE FROM delivery WHERE notice = old.number;
  DELETE FROM notice_run WHERE notice = old.number;
END;

-- The latest act of a policy on each job (domain StoredAct). match: JSON, with the evidence.
CREATE TABLE act (
  job    TEXT    PRIMARY KEY,
  policy TEXT    NOT NULL,
  time   INTEGER NOT NULL,
  state  TEXT    NOT NULL,
  error  TEXT,
  match  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX act_by_time ON act (time);

-- Users who do not want the weekly digest.
CREATE TABLE digest_refusal (
  user TEXT    PRIMARY KEY,
  time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Keys that sign links.
CREATE TABLE secret (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Why something was done, where a policy did it: JSON.
ALTER TABLE audit ADD COLUMN evidence TEXT;
`;

/** Adds notices, acts, and a key that signs the links of mails. */
export function addNotices(db: Database): void {
  db.run(TABLES);
  db.query('INSERT INTO secret (name, value) VALUES (?, ?)').run('links', randomBytes(32).toString('hex'));
}
