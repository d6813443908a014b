-- What nearly every sample changes is kept apart, in rows as short as can be: to write one takes half as long.
CREATE TABLE latest (
  usage  INTEGER PRIMARY KEY REFERENCES usage (id) ON DELETE CASCADE,
  time   INTEGER NOT NULL,
  cpu    REAL,
  memory INTEGER,
  gpu    REAL,
  newest INTEGER
) STRICT;

INSERT INTO latest SELECT id, time, cpu, memory, gpu, newest FROM usage ORDER BY id;

-- A job on a node that has reported. oldest, as newest above, is of all samples there ever were; sealed: rows of the log up to
-- this one are out of reach.
CREATE TABLE new_usage (
  id     INTEGER PRIMARY KEY,
  job    INTEGER NOT NULL,
  node   INTEGER NOT NULL,
  sealed INTEGER NOT NULL DEFAULT 0,
  oldest INTEGER,
  UNIQUE (job, node)
) STRICT;

INSERT INTO new_usage SELECT id, job, node, sealed, oldest FROM usage ORDER BY id;

-- Triggers and other tables go on to speak of usage by its name.
PRAGMA legacy_alter_table = ON;
DROP TABLE usage;
ALTER TABLE new_usage RENAME TO usage;
PRAGMA legacy_alter_table = OFF;
