-- Runs that turned out to be part of another one. run: the number that their samples go on to carry; owner: that of the run
-- that they belong to (job.seq or past_run.seq), which never is such a run itself. A row here costs nothing to make, however
-- many samples there are.
CREATE TABLE joined_run (
  run   INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL
) STRICT;

CREATE INDEX joined_run_by_owner ON joined_run (owner);

DROP TRIGGER past_run_deleted;

CREATE TRIGGER past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) AND NOT EXISTS (SELECT 1 FROM joined_run WHERE run = old.seq) BEGIN
  INSERT OR IGNORE INTO leftover_run VALUES (old.seq);
END;

-- They go with their owner.
CREATE TRIGGER owner_left AFTER INSERT ON leftover_run BEGIN
  INSERT OR IGNORE INTO leftover_run SELECT run FROM joined_run WHERE owner = new.run;
  DELETE FROM joined_run WHERE owner = new.run;
END;
