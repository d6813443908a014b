-- What job repeats of detail is written by the one place that writes both (jobs/row.ts). SQLite keeps a copy of every page
-- that a statement with a trigger changes, and detail has a row of nearly every job.
DROP TRIGGER suspension_known;
DROP TRIGGER suspension_changed;
