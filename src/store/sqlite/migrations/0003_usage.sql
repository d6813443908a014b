-- What a sample changes is kept small and found by one number, because a batch changes thousands of these rows. It no
-- longer hangs on job_node, so that it can be kept longer than the row of a job; it goes with its job by a trigger.
-- oldest and newest are of all samples there ever were; late: by how many milliseconds a sample came at most after one
-- that is newer than it; sealed: rows of the log up to this one are out of reach.
CREATE TABLE new_usage (
  id          INTEGER PRIMARY KEY,
  job         INTEGER NOT NULL,
  node        INTEGER NOT NULL,
  time        INTEGER NOT NULL,
  cpu         REAL,
  memory      INTEGER,
  gpu         REAL,
  last_sample INTEGER NOT NULL DEFAULT 0,
  sealed      INTEGER NOT NULL DEFAULT 0,
  oldest      INTEGER,
  newest      INTEGER,
  late        INTEGER NOT NULL DEFAULT 0,
  UNIQUE (job, node)
) STRICT;

INSERT INTO new_usage (job, node, time, cpu, memory, gpu, last_sample, sealed, oldest, newest, late)
  SELECT job, node, time, cpu, memory, gpu, last_sample, sealed, oldest, newest, ifnull(newest - oldest, 0)
    FROM usage ORDER BY job, node;

-- What the sealed samples of a job on a node came to; it stays when they go. Those still in the log are added by who asks.
CREATE TABLE sealed_total (
  usage       INTEGER PRIMARY KEY REFERENCES new_usage (id) ON DELETE CASCADE,
  samples     INTEGER NOT NULL,
  cpu_sum     REAL    NOT NULL,
  cpu_max     REAL,
  memory_sum  REAL    NOT NULL,
  memory_max  INTEGER,
  gpu_samples INTEGER NOT NULL,
  gpu_sum     REAL    NOT NULL,
  gpu_max     REAL
) STRICT;

-- The largest value ever may be in the log still: then it is counted in both, which changes nothing.
WITH tail AS (
  SELECT sample.job, sample.node, count(*) AS samples, total(sample.cpu) AS cpu, total(sample.memory) AS memory,
         count(sample.gpu) AS gpu_samples, total(sample.gpu) AS gpu
    FROM sample JOIN usage ON usage.job = sample.job AND usage.node = sample.node
   WHERE sample.seq > usage.sealed
   GROUP BY sample.job, sample.node)
INSERT INTO sealed_total
  SELECT new_usage.id, past.total_samples - ifnull(tail.samples, 0),
         past.cpu_sum - ifnull(tail.cpu, 0), past.cpu_max, past.memory_sum - ifnull(tail.memory, 0), past.memory_max,
         past.gpu_samples - ifnull(tail.gpu_samples, 0), past.gpu_sum - ifnull(tail.gpu, 0), past.gpu_max
    FROM usage AS past
    JOIN new_usage ON new_usage.job = past.job AND new_usage.node = past.node
    LEFT JOIN tail ON tail.job = past.job AND tail.node = past.node
   WHERE past.total_samples > ifnull(tail.samples, 0);

DROP TABLE usage;
ALTER TABLE new_usage RENAME TO usage;

CREATE TRIGGER job_usage_deleted AFTER DELETE ON job BEGIN
  DELETE FROM usage WHERE job = old.seq;
END;
