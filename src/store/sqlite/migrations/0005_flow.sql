-- Jobs that wait (0) or run (1), by partition; partition 0: none is known. Kept by triggers, so that no way of writing a
-- job can forget it, and so that a scrape reads a few rows however many jobs there are.
CREATE TABLE live_count (
  partition INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  jobs      INTEGER NOT NULL,
  PRIMARY KEY (partition, state)
) STRICT, WITHOUT ROWID;

INSERT INTO live_count
  SELECT coalesce(detail.partition, 0), job.state, count(*)
    FROM job INDEXED BY job_by_state LEFT JOIN detail ON detail.job = job.seq
   WHERE job.state < 2 GROUP BY 1, 2;

-- A row of detail comes after that of its job.
CREATE TRIGGER live_job_inserted AFTER INSERT ON job WHEN new.state < 2 BEGIN
  INSERT INTO live_count VALUES (0, new.state, 1) ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER live_job_left AFTER UPDATE OF state ON job WHEN old.state < 2 AND old.state <> new.state BEGIN
  UPDATE live_count SET jobs = jobs - 1
   WHERE partition = coalesce((SELECT partition FROM detail WHERE job = new.seq), 0) AND state = old.state;
END;

CREATE TRIGGER live_job_came AFTER UPDATE OF state ON job WHEN new.state < 2 AND old.state <> new.state BEGIN
  INSERT INTO live_count VALUES (coalesce((SELECT partition FROM detail WHERE job = new.seq), 0), new.state, 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

-- Before, because its detail goes with it.
CREATE TRIGGER live_job_deleted BEFORE DELETE ON job WHEN old.state < 2 BEGIN
  UPDATE live_count SET jobs = jobs - 1
   WHERE partition = coalesce((SELECT partition FROM detail WHERE job = old.seq), 0) AND state = old.state;
END;

CREATE TRIGGER live_partition_known AFTER INSERT ON detail
  WHEN new.partition IS NOT NULL AND (SELECT state FROM job WHERE seq = new.job) < 2 BEGIN
  UPDATE live_count SET jobs = jobs - 1
   WHERE partition = 0 AND state = (SELECT state FROM job WHERE seq = new.job);
  INSERT INTO live_count VALUES (new.partition, (SELECT state FROM job WHERE seq = new.job), 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

CREATE TRIGGER live_partition_changed AFTER UPDATE OF partition ON detail
  WHEN old.partition IS NOT new.partition AND (SELECT state FROM job WHERE seq = new.job) < 2 BEGIN
  UPDATE live_count SET jobs = jobs - 1
   WHERE partition = coalesce(old.partition, 0) AND state = (SELECT state FROM job WHERE seq = new.job);
  INSERT INTO live_count VALUES (coalesce(new.partition, 0), (SELECT state FROM job WHERE seq = new.job), 1)
    ON CONFLICT DO UPDATE SET jobs = jobs + 1;
END;

-- Runs that ended, by partition and state: numbers that only go up.
CREATE TABLE finished_count (
  partition INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  runs      INTEGER NOT NULL,
  PRIMARY KEY (partition, state)
) STRICT, WITHOUT ROWID;

-- How long runs had waited: those that waited up to so many seconds, and longer than those of the row before; 0: longer
-- than all of them. wait is what all of a row waited together, in milliseconds.
CREATE TABLE queue_wait (
  seconds INTEGER PRIMARY KEY,
  runs    INTEGER NOT NULL,
  wait    INTEGER NOT NULL
) STRICT;
