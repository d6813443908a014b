-- What ended runs held and used (domain Tally), by user, account and partition, in spans of several lengths (domain
-- tally/spans.ts). hours: the length of the span; start: its first hour since 1970. -1: any user, account or partition;
-- account and partition are 0 for runs without.
CREATE TABLE tally (
  user      INTEGER NOT NULL,
  account   INTEGER NOT NULL,
  hours     INTEGER NOT NULL,
  start     INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL, timed_out INTEGER NOT NULL,
  out_of_memory INTEGER NOT NULL, node_failed INTEGER NOT NULL, preempted INTEGER NOT NULL,
  runtime INTEGER NOT NULL, wait INTEGER NOT NULL, waits INTEGER NOT NULL,
  cpu INTEGER NOT NULL, gpu INTEGER NOT NULL, memory INTEGER NOT NULL,
  cpu_measured INTEGER NOT NULL, gpu_measured INTEGER NOT NULL, memory_measured INTEGER NOT NULL,
  cpu_used INTEGER NOT NULL, gpu_used INTEGER NOT NULL, memory_used INTEGER NOT NULL,
  energy INTEGER NOT NULL, energies INTEGER NOT NULL,
  PRIMARY KEY (user, account, hours, start, partition)
) STRICT, WITHOUT ROWID;

-- Tallies of single hours are kept for some days only.
CREATE INDEX tally_of_hour ON tally (start) WHERE hours = 1;

-- What each run added to the tallies, so that a correction can take it away. run: job.seq or past_run.seq. hour: of its end.
CREATE TABLE tallied (
  run       INTEGER PRIMARY KEY,
  user      INTEGER NOT NULL,
  account   INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  hour      INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL, timed_out INTEGER NOT NULL,
  out_of_memory INTEGER NOT NULL, node_failed INTEGER NOT NULL, preempted INTEGER NOT NULL,
  runtime INTEGER NOT NULL, wait INTEGER NOT NULL, waits INTEGER NOT NULL,
  cpu INTEGER NOT NULL, gpu INTEGER NOT NULL, memory INTEGER NOT NULL,
  cpu_measured INTEGER NOT NULL, gpu_measured INTEGER NOT NULL, memory_measured INTEGER NOT NULL,
  cpu_used INTEGER NOT NULL, gpu_used INTEGER NOT NULL, memory_used INTEGER NOT NULL,
  energy INTEGER NOT NULL, energies INTEGER NOT NULL
) STRICT;

-- Runs that ended, changed, or had samples sealed, and are to be tallied again.
CREATE TABLE tally_due (
  run INTEGER PRIMARY KEY
) STRICT;

-- Every job is looked at once, in the order of its number, so that new rows of ended jobs need no mark: tally_seen is the
-- last one. tally_hours_from: the first hour with tallies of its own.
INSERT INTO counter VALUES ('tally_seen', 0), ('tally_hours_from', 0);

INSERT INTO tally_due SELECT seq FROM past_run;

-- A deleted run stays in the tallies; nothing can correct it any more. Its number may be given again.
CREATE TRIGGER tallied_job_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  DELETE FROM tallied WHERE run = old.seq;
  DELETE FROM tally_due WHERE run = old.seq;
END;

CREATE TRIGGER tallied_past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  DELETE FROM tallied WHERE run = old.seq;
  DELETE FROM tally_due WHERE run = old.seq;
END;
