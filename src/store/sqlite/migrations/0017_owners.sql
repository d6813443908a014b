-- Whose run an event is about, by name: stored once a job has more than one run, because those can be of several users.
ALTER TABLE event ADD COLUMN user TEXT;
ALTER TABLE event ADD COLUMN account TEXT;

-- Whose the runs of a job are, without reading what is known of them: a job of scrontab has thousands.
ALTER TABLE past_run ADD COLUMN user TEXT AS (run ->> '$.user');
ALTER TABLE past_run ADD COLUMN account TEXT AS (run ->> '$.account');
CREATE INDEX past_run_by_owner ON past_run (job, user, account);

-- Which users ever had a job of which account; never removed. Lists of an account's jobs walk only those of these users.
CREATE TABLE account_user (
  account INTEGER NOT NULL REFERENCES label (id),
  user    INTEGER NOT NULL REFERENCES user (id),
  PRIMARY KEY (account, user)
) STRICT, WITHOUT ROWID;

INSERT INTO account_user
  SELECT DISTINCT detail.account, job.user FROM detail JOIN job ON job.seq = detail.job
   WHERE detail.account IS NOT NULL ORDER BY detail.account, job.user;
