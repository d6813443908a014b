-- Names are kept once; rows point at them. They are never removed, so an id always means the same name.
CREATE TABLE user (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE node (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- state: 0 pending, 1 running, 2 completed, 3 failed, 4 cancelled. Times: milliseconds since 1970.
-- AUTOINCREMENT: a number is never used twice, so that samples of a deleted job can be swept later.
CREATE TABLE job (
  seq        INTEGER PRIMARY KEY AUTOINCREMENT,
  id         TEXT    NOT NULL UNIQUE,
  user       INTEGER NOT NULL REFERENCES user (id),
  first_node INTEGER NOT NULL REFERENCES node (id),
  state      INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
  start_time INTEGER NOT NULL,
  end_time   INTEGER CHECK ((end_time IS NULL) = (state < 2))
) STRICT;

CREATE INDEX job_by_start ON job (start_time);
CREATE INDEX job_by_state ON job (state, start_time);
CREATE INDEX job_by_user ON job (user, start_time);
CREATE INDEX job_by_user_state ON job (user, state, start_time);
CREATE INDEX job_by_end ON job (end_time) WHERE end_time IS NOT NULL;

-- The nodes of a job in their order. user, state and start_time repeat the job's, so that a list by node is one walk
-- through one index however many jobs the node has seen.
CREATE TABLE job_node (
  job        INTEGER NOT NULL REFERENCES job (seq) ON DELETE CASCADE,
  node       INTEGER NOT NULL REFERENCES node (id),
  position   INTEGER NOT NULL,
  user       INTEGER NOT NULL,
  state      INTEGER NOT NULL,
  start_time INTEGER NOT NULL,
  PRIMARY KEY (job, node)
) STRICT, WITHOUT ROWID;

CREATE INDEX job_node_by_start ON job_node (node, start_time);
CREATE INDEX job_node_by_state ON job_node (node, state, start_time);
CREATE INDEX job_node_by_user ON job_node (node, user, start_time);
CREATE INDEX job_node_by_user_state ON job_node (node, user, state, start_time);

-- What is known now of a job on a node that reported: the values of /metrics and of "current usage".
-- last_sample heads the chain of its samples, newest arrival first. samples counts them.
CREATE TABLE usage (
  job         INTEGER NOT NULL,
  node        INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  cpu         REAL,
  memory      INTEGER,
  gpu         REAL,
  last_sample INTEGER NOT NULL DEFAULT 0,
  samples     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, node),
  FOREIGN KEY (job, node) REFERENCES job_node (job, node) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- A log in the order of arrival: appending touches one page, however many jobs report. An index by job would touch a
-- page a sample; instead each sample points at the one before it of the same job and node (0, or one that has gone,
-- ends the chain). For the same reason there is no foreign key: a deleted job's samples are out of reach at once,
-- and leave the log when it is their turn. The newest row always stays, so that no seq is given twice.
CREATE TABLE sample (
  seq      INTEGER PRIMARY KEY,
  job      INTEGER NOT NULL,
  node     INTEGER NOT NULL,
  previous INTEGER NOT NULL,
  time     INTEGER NOT NULL,
  cpu      REAL    NOT NULL,
  memory   INTEGER NOT NULL,
  gpu      REAL
) STRICT;

-- Jobs by node, user and state; node 0 and user 0 stand for "any". The total of every documented list is one look-up.
CREATE TABLE job_count (
  node  INTEGER NOT NULL,
  user  INTEGER NOT NULL,
  state INTEGER NOT NULL,
  jobs  INTEGER NOT NULL,
  PRIMARY KEY (node, user, state)
) STRICT, WITHOUT ROWID;

-- Numbers that only go up.
CREATE TABLE counter (
  name  TEXT    PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO counter VALUES ('jobs_created', 0);

-- The write that proves that a commit is possible; the filler makes it need as much room as a group of writes.
CREATE TABLE probe (
  id     INTEGER PRIMARY KEY,
  filler BLOB NOT NULL
) STRICT;

-- Counts are kept by triggers, so that no way of writing a job can forget them.
CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
  INSERT INTO job_count VALUES (0, 0, new.state, 1), (0, new.user, new.state, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  UPDATE counter SET value = value + 1 WHERE name = 'jobs_created';
END;

CREATE TRIGGER job_state_changed AFTER UPDATE OF state ON job WHEN old.state <> new.state BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = 0 AND user IN (0, old.user) AND state = old.state;
  INSERT INTO job_count VALUES (0, 0, new.state, 1), (0, new.user, new.state, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  UPDATE job_node SET state = new.state WHERE job = new.seq;
END;

CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = 0 AND user IN (0, old.user) AND state = old.state;
END;

CREATE TRIGGER job_node_inserted AFTER INSERT ON job_node BEGIN
  INSERT INTO job_count VALUES (new.node, 0, new.state, 1), (new.node, new.user, new.state, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER job_node_state_changed AFTER UPDATE OF state ON job_node WHEN old.state <> new.state BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = old.node AND user IN (0, old.user) AND state = old.state;
  INSERT INTO job_count VALUES (new.node, 0, new.state, 1), (new.node, new.user, new.state, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER job_node_deleted AFTER DELETE ON job_node BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = old.node AND user IN (0, old.user) AND state = old.state;
END;
