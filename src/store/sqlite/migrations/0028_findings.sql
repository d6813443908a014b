-- What rules found of each run that has ended (domain finding), as long as the run is stored. run: job.seq or past_run.seq;
-- kind: a label; severity: the place in domain SEVERITIES.
CREATE TABLE run_finding (
  run      INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;

-- How many stored runs have a finding of each kind.
CREATE TABLE finding_count (
  kind INTEGER PRIMARY KEY,
  runs INTEGER NOT NULL
) STRICT;

CREATE TRIGGER finding_kept AFTER INSERT ON run_finding BEGIN
  INSERT INTO finding_count VALUES (new.kind, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER finding_dropped AFTER DELETE ON run_finding BEGIN
  UPDATE finding_count SET runs = runs - 1 WHERE kind = old.kind;
END;

CREATE TRIGGER finding_job_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  DELETE FROM run_finding WHERE run = old.seq;
END;

CREATE TRIGGER finding_past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  DELETE FROM run_finding WHERE run = old.seq;
END;
