-- A key of an index may have 2,704 bytes, which an id, a user and an account together can exceed. Earlier runs
-- of a job are found by past_run_by_start.
DROP INDEX past_run_by_owner;
