-- Whose run an event is about, by name: stored once a job has more than one run, because those can be of several users.
ALTER TABLE event ADD COLUMN user TEXT;
ALTER TABLE event ADD COLUMN account TEXT;

-- Whose the runs of a job are, without reading what is known of them: a job of scrontab has thousands.
ALTER TABLE past_run ADD COLUMN user TEXT AS (run ->> '$.user');
ALTER TABLE past_run ADD COLUMN account TEXT AS (run ->> '$.account');
CREATE INDEX past_run_by_owner ON past_run (job, user, account);

-- Of which accounts each user ever had a job, 0 for none; never removed. Lists for those who coordinate accounts walk only the
-- jobs of their users, and look at the account of each only for users who had others too.
CREATE TABLE account_user (
  account INTEGER NOT NULL,
  user    INTEGER NOT NULL REFERENCES user (id),
  PRIMARY KEY (account, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX account_user_by_user ON account_user (user);

INSERT INTO account_user
  SELECT DISTINCT coalesce(detail.account, 0), job.user FROM job LEFT JOIN detail ON detail.job = job.seq;
