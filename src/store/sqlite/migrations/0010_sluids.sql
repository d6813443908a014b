-- Slurm's key of a run (SLUID) and what else is known of runs that change their size or are suspended (domain JobDetails).
-- other_sluids and resized are JSON.
ALTER TABLE detail ADD COLUMN sluid TEXT;
ALTER TABLE detail ADD COLUMN suspended INTEGER;
ALTER TABLE detail ADD COLUMN other_sluids TEXT;
ALTER TABLE detail ADD COLUMN resized TEXT;

CREATE INDEX detail_by_sluid ON detail (sluid) WHERE sluid IS NOT NULL;

-- Seconds that do not count as run time, beside the times that they are taken from.
ALTER TABLE job ADD COLUMN suspended INTEGER NOT NULL DEFAULT 0;

CREATE TRIGGER suspension_known AFTER INSERT ON detail WHEN new.suspended IS NOT NULL BEGIN
  UPDATE job SET suspended = new.suspended WHERE seq = new.job;
END;

CREATE TRIGGER suspension_changed AFTER UPDATE OF suspended ON detail WHEN old.suspended IS NOT new.suspended BEGIN
  UPDATE job SET suspended = coalesce(new.suspended, 0) WHERE seq = new.job;
END;

-- told: when something was last said of it.
ALTER TABLE past_run ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
ALTER TABLE past_run ADD COLUMN sluid TEXT AS (run ->> '$.sluid');
ALTER TABLE past_run ADD COLUMN start INTEGER AS (run ->> '$.startTimeMs');
ALTER TABLE past_run ADD COLUMN standing INTEGER AS (run ->> '$.provenance.standing');

-- A report is held against the runs around its time.
DROP INDEX past_run_by_job;
CREATE INDEX past_run_by_start ON past_run (job, start);
CREATE INDEX past_run_by_sluid ON past_run (sluid) WHERE sluid IS NOT NULL;

-- The few of which accounting may have more to say: their end is not Slurm's own word, or they are not all known.
CREATE INDEX past_run_unsettled ON past_run (told) WHERE standing < 6;
CREATE INDEX detail_requeued ON detail (standing_ms) WHERE restarts > 0;
