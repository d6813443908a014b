-- The state comes first in every key: rows of jobs that run are neighbours, however many have ended, so that making jobs
-- changes the same few pages again and again. Every list gives the state, so it is found as before.
DROP INDEX job_by_user_state;
CREATE INDEX job_by_user_state ON job (state, user, start_time);
DROP INDEX job_node_by_state;
CREATE INDEX job_node_by_state ON job_node (state, node, start_time);
DROP INDEX job_node_by_user_state;
CREATE INDEX job_node_by_user_state ON job_node (state, node, user, start_time);

CREATE TABLE new_job_count (
  state INTEGER NOT NULL,
  node  INTEGER NOT NULL,
  user  INTEGER NOT NULL,
  jobs  INTEGER NOT NULL,
  PRIMARY KEY (state, node, user)
) STRICT, WITHOUT ROWID;

INSERT INTO new_job_count SELECT state, node, user, jobs FROM job_count ORDER BY state, node, user;
DROP TABLE job_count;
ALTER TABLE new_job_count RENAME TO job_count;
