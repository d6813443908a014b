-- What ended runs say of the next one like them (domain PastRun), the latest MAX_PAST_RUNS of each shape. run: job.seq or
-- past_run.seq. shape: a hash of domain shapeOf. ran_out: 0 of nothing, 1 of memory, 2 of time. memory: MB on one node.
CREATE TABLE sizing_run (
  run     INTEGER PRIMARY KEY,
  shape   INTEGER NOT NULL,
  ran_out INTEGER NOT NULL,
  seconds INTEGER,
  memory  INTEGER,
  cpus    INTEGER,
  gpus    INTEGER
) STRICT;

CREATE INDEX sizing_run_by_shape ON sizing_run (shape);

CREATE TRIGGER sizing_job_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  DELETE FROM sizing_run WHERE run = old.seq;
END;

CREATE TRIGGER sizing_past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  DELETE FROM sizing_run WHERE run = old.seq;
END;
