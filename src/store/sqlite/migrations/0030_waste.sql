-- What ended runs held and used on each node, in spans of a day, 8 and 64 days, like `tally`.
CREATE TABLE node_tally (
  hours     INTEGER NOT NULL,
  start     INTEGER NOT NULL,
  node      INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL, timed_out INTEGER NOT NULL,
  out_of_memory INTEGER NOT NULL, node_failed INTEGER NOT NULL, preempted INTEGER NOT NULL,
  runtime INTEGER NOT NULL, wait INTEGER NOT NULL, waits INTEGER NOT NULL,
  cpu INTEGER NOT NULL, gpu INTEGER NOT NULL, memory INTEGER NOT NULL,
  cpu_measured INTEGER NOT NULL, gpu_measured INTEGER NOT NULL, memory_measured INTEGER NOT NULL,
  cpu_used INTEGER NOT NULL, gpu_used INTEGER NOT NULL, memory_used INTEGER NOT NULL,
  energy INTEGER NOT NULL, energies INTEGER NOT NULL,
  PRIMARY KEY (hours, start, node)
) STRICT, WITHOUT ROWID;

-- What each run added there. A run on one node added the same as to `tally`: it has the node here. Others have rows.
ALTER TABLE tallied ADD COLUMN node INTEGER;

CREATE TABLE tallied_node (
  run       INTEGER NOT NULL,
  node      INTEGER NOT NULL,
  hour      INTEGER NOT NULL,
  completed INTEGER NOT NULL, failed INTEGER NOT NULL, cancelled INTEGER NOT NULL, timed_out INTEGER NOT NULL,
  out_of_memory INTEGER NOT NULL, node_failed INTEGER NOT NULL, preempted INTEGER NOT NULL,
  runtime INTEGER NOT NULL, wait INTEGER NOT NULL, waits INTEGER NOT NULL,
  cpu INTEGER NOT NULL, gpu INTEGER NOT NULL, memory INTEGER NOT NULL,
  cpu_measured INTEGER NOT NULL, gpu_measured INTEGER NOT NULL, memory_measured INTEGER NOT NULL,
  cpu_used INTEGER NOT NULL, gpu_used INTEGER NOT NULL, memory_used INTEGER NOT NULL,
  energy INTEGER NOT NULL, energies INTEGER NOT NULL,
  PRIMARY KEY (run, node)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER tallied_node_job_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  DELETE FROM tallied_node WHERE run = old.seq;
END;

CREATE TRIGGER tallied_node_past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  DELETE FROM tallied_node WHERE run = old.seq;
END;

-- Runs with each kind of finding, by what `tally` is kept by. A run that is tallied adds what run_finding has of it.
CREATE TABLE finding_tally (
  user      INTEGER NOT NULL,
  account   INTEGER NOT NULL,
  hours     INTEGER NOT NULL,
  start     INTEGER NOT NULL,
  partition INTEGER NOT NULL,
  kind      INTEGER NOT NULL,
  severity  INTEGER NOT NULL,
  runs      INTEGER NOT NULL,
  PRIMARY KEY (user, account, hours, start, partition, kind, severity)
) STRICT, WITHOUT ROWID;

CREATE INDEX finding_tally_of_hour ON finding_tally (start) WHERE hours = 1;

-- All runs are judged and tallied once more, so that what they found is counted.
DROP TABLE run_finding;
DROP TABLE finding_count;

CREATE TABLE run_finding (
  run      INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;

-- How many stored runs have a finding of each kind and severity.
CREATE TABLE finding_count (
  kind     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  runs     INTEGER NOT NULL,
  PRIMARY KEY (kind, severity)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER finding_kept AFTER INSERT ON run_finding BEGIN
  INSERT INTO finding_count VALUES (new.kind, new.severity, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER finding_dropped AFTER DELETE ON run_finding BEGIN
  UPDATE finding_count SET runs = runs - 1 WHERE kind = old.kind AND severity = old.severity;
END;

UPDATE counter SET value = 0 WHERE name = 'tally_seen';
INSERT OR IGNORE INTO tally_due SELECT seq FROM past_run;
