-- Runs whose job has been deleted, and whose samples are still there: deleting those of a thousand nodes would keep all writes
-- waiting, so they go step by step. Their numbers are never used again.
CREATE TABLE leftover_run (
  run INTEGER PRIMARY KEY
) STRICT;

DROP TRIGGER job_history_deleted;
DROP TRIGGER past_run_deleted;

CREATE TRIGGER job_history_deleted AFTER DELETE ON job
  WHEN NOT EXISTS (SELECT 1 FROM past_run WHERE seq = old.seq) BEGIN
  INSERT OR IGNORE INTO leftover_run VALUES (old.seq);
  DELETE FROM past_run WHERE job = old.id;
  DELETE FROM event WHERE job = old.id;
END;

CREATE TRIGGER past_run_deleted AFTER DELETE ON past_run
  WHEN NOT EXISTS (SELECT 1 FROM job WHERE seq = old.seq) BEGIN
  INSERT OR IGNORE INTO leftover_run VALUES (old.seq);
END;
