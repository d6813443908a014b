-- usage no longer hangs on job_node: what a job used on a node can be kept longer than the row of the job. It goes with
-- its job by a trigger. A table cannot lose a foreign key, so it is made anew.
CREATE TABLE new_usage (
  job           INTEGER NOT NULL,
  node          INTEGER NOT NULL,
  time          INTEGER NOT NULL,
  cpu           REAL,
  memory        INTEGER,
  gpu           REAL,
  last_sample   INTEGER NOT NULL DEFAULT 0,
  samples       INTEGER NOT NULL DEFAULT 0,
  sealed        INTEGER NOT NULL DEFAULT 0,
  total_samples INTEGER NOT NULL DEFAULT 0,
  oldest        INTEGER,
  newest        INTEGER,
  cpu_sum       REAL    NOT NULL DEFAULT 0,
  cpu_max       REAL,
  memory_sum    REAL    NOT NULL DEFAULT 0,
  memory_max    INTEGER,
  gpu_samples   INTEGER NOT NULL DEFAULT 0,
  gpu_sum       REAL    NOT NULL DEFAULT 0,
  gpu_max       REAL,
  PRIMARY KEY (job, node)
) STRICT, WITHOUT ROWID;

INSERT INTO new_usage SELECT * FROM usage;
DROP TABLE usage;
ALTER TABLE new_usage RENAME TO usage;

CREATE TRIGGER job_usage_deleted AFTER DELETE ON job BEGIN
  DELETE FROM usage WHERE job = old.seq;
END;
