-- Accounts, partitions, qualities of service and clusters by name; never removed, so an id always means the same name.
CREATE TABLE label (
  id   INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
) STRICT;

-- The first node of a job that has been given none yet. It has no name, and no job_node.
INSERT INTO node (id, name) VALUES (0, '');

-- 0: the job has not started, and start_time is when it was submitted, which gives it its place in the lists.
ALTER TABLE job ADD COLUMN started INTEGER NOT NULL DEFAULT 1 CHECK (started IN (0, 1));

-- What a scheduler, or whoever made the job, said of its latest run (domain JobDetails), and from which source each field
-- comes (domain Provenance). A job of which nobody said anything has no row.
CREATE TABLE detail (
  job          INTEGER PRIMARY KEY REFERENCES job (seq) ON DELETE CASCADE,
  cluster      INTEGER REFERENCES label (id),
  account      INTEGER REFERENCES label (id),
  partition    INTEGER REFERENCES label (id),
  qos          INTEGER REFERENCES label (id),
  name         TEXT,
  submit_time  INTEGER,
  time_limit   INTEGER,
  cpus         INTEGER,
  memory_limit INTEGER,
  gpus         INTEGER,
  work_dir     TEXT,
  array_job    TEXT,
  array_task   INTEGER,
  exit_code    INTEGER,
  signal       INTEGER,
  raw_state    TEXT,
  reason       TEXT,
  restarts     INTEGER,
  allocations  TEXT,
  sources      TEXT    NOT NULL,
  standing     INTEGER NOT NULL,
  standing_ms  INTEGER NOT NULL
) STRICT;

-- The few that Slurm may have more to say of: they have not ended, or their end is not its own word (domain Run).
CREATE INDEX detail_unsettled ON detail (standing_ms) WHERE standing BETWEEN 2 AND 5;

-- Earlier runs of jobs that were requeued, and jobs whose id was given again: seq is the number that their samples carry, run
-- all that is known (domain Run, as JSON). Lists do not show them.
CREATE TABLE past_run (
  seq INTEGER PRIMARY KEY,
  job TEXT NOT NULL,
  run TEXT NOT NULL
) STRICT;

CREATE INDEX past_run_by_job ON past_run (job);

-- What changed of a job, when, and who said so; change is JSON.
CREATE TABLE event (
  seq    INTEGER PRIMARY KEY,
  job    TEXT    NOT NULL,
  time   INTEGER NOT NULL,
  source TEXT    NOT NULL,
  change TEXT    NOT NULL
) STRICT;

CREATE INDEX event_by_job ON event (job);

-- A run that moved to past_run keeps what its nodes reported; a job that is deleted takes everything along.
DROP TRIGGER job_usage_deleted;

CREATE TRIGGER job_history_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  DELETE FROM usage WHERE job = old.seq;
  DELETE FROM past_run WHERE job = old.id;
  DELETE FROM event WHERE job = old.id;
END;

CREATE TRIGGER past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  DELETE FROM usage WHERE job = old.seq;
END;

-- job_node repeats what lists by node need.
CREATE TRIGGER job_start_changed AFTER UPDATE OF start_time ON job WHEN old.start_time <> new.start_time BEGIN
  UPDATE job_node SET start_time = new.start_time WHERE job = new.seq;
END;

CREATE TRIGGER job_user_changed AFTER UPDATE OF user ON job WHEN old.user <> new.user BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = 0 AND user = old.user AND state = new.state;
  INSERT INTO job_count VALUES (0, new.user, new.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
  UPDATE job_node SET user = new.user WHERE job = new.seq;
END;

CREATE TRIGGER job_node_user_changed AFTER UPDATE OF user ON job_node WHEN old.user <> new.user BEGIN
  UPDATE job_count SET jobs = jobs - 1 WHERE node = new.node AND user = old.user AND state = new.state;
  INSERT INTO job_count VALUES (new.node, new.user, new.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;
