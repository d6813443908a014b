-- What is counted of jobs, and what job_node repeats of them, is written by the one place that writes their rows (jobrow.ts),
-- once a commit: by triggers it was a third of all that it took to make a job.
DROP TRIGGER job_inserted;
DROP TRIGGER job_state_changed;
DROP TRIGGER job_deleted;
DROP TRIGGER job_node_inserted;
DROP TRIGGER job_node_state_changed;
DROP TRIGGER job_node_deleted;
DROP TRIGGER job_start_changed;
DROP TRIGGER job_user_changed;
DROP TRIGGER job_node_user_changed;
DROP TRIGGER live_job_inserted;
DROP TRIGGER live_job_left;
DROP TRIGGER live_job_came;
DROP TRIGGER live_job_deleted;
DROP TRIGGER live_partition_known;
DROP TRIGGER live_partition_changed;

DELETE FROM job_count WHERE jobs = 0;
DELETE FROM live_count WHERE jobs = 0;

-- The values that a change replaced, as JSON; NULL: an event of before this version, or a first one that is written in full.
ALTER TABLE event ADD COLUMN was TEXT;

-- The first event repeated the whole row of the job. Where nothing has changed since, the row tells it: nothing is left of
-- those over the API, and of the others the time and the source. Jobs that are older than the events get one that says
-- nothing, so that none is made up for them.
INSERT INTO event (job, time, source, change)
  SELECT id, start_time, 'api', '{}' FROM job WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.job = job.id);

CREATE TEMP TABLE lone_event AS
  SELECT event.seq, event.source FROM event JOIN job ON job.id = event.job
   WHERE NOT EXISTS (SELECT 1 FROM event AS other WHERE other.job = event.job AND other.seq <> event.seq)
     AND NOT EXISTS (SELECT 1 FROM past_run WHERE past_run.job = event.job)
     AND change ->> 'user' = (SELECT name FROM user WHERE id = job.user)
     AND change ->> 'startTimeMs' IS iif(job.started, job.start_time, NULL)
     AND change ->> 'endTimeMs' IS job.end_time
     AND (event.source <> 'api' OR event.time = job.start_time);
DELETE FROM event WHERE seq IN (SELECT seq FROM lone_event WHERE source = 'api');
UPDATE event SET change = '' WHERE seq IN (SELECT seq FROM lone_event WHERE source <> 'api');
DROP TABLE lone_event;
