-- What rules find of each run that is running (domain finding), at most a minute old. run: job.seq; kind and severity as in
-- run_finding.
CREATE TABLE running_finding (
  run      INTEGER NOT NULL,
  kind     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  PRIMARY KEY (run, kind)
) STRICT, WITHOUT ROWID;

-- How many running jobs have a finding of each kind and severity.
CREATE TABLE running_finding_count (
  kind     INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  runs     INTEGER NOT NULL,
  PRIMARY KEY (kind, severity)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER running_finding_kept AFTER INSERT ON running_finding BEGIN
  INSERT INTO running_finding_count VALUES (new.kind, new.severity, 1) ON CONFLICT DO UPDATE SET runs = runs + 1;
END;

CREATE TRIGGER running_finding_dropped AFTER DELETE ON running_finding BEGIN
  UPDATE running_finding_count SET runs = runs - 1 WHERE kind = old.kind AND severity = old.severity;
END;

-- What ended is judged by all that is known of its end, from then on in run_finding.
CREATE TRIGGER running_finding_ended AFTER UPDATE OF state ON job WHEN old.state = 1 AND new.state <> 1 BEGIN
  DELETE FROM running_finding WHERE run = old.seq;
END;

CREATE TRIGGER running_finding_job_deleted AFTER DELETE ON job WHEN old.state = 1 BEGIN
  DELETE FROM running_finding WHERE run = old.seq;
END;
