-- What policies told whom (domain Notice). content: JSON of its subject, what the site says, and its parts.
CREATE TABLE notice (
  number   bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  policy   text COLLATE "C" NOT NULL,
  audience text COLLATE "C" NOT NULL,
  name     text COLLATE "C" NOT NULL,
  time     bigint NOT NULL,
  until    bigint NOT NULL,
  expires  bigint NOT NULL,
  content  text NOT NULL,
  UNIQUE (policy, audience, name, until)
);
CREATE INDEX notice_by_time ON notice (time);
CREATE INDEX notice_by_name ON notice (audience, name, number);

-- How each notice is sent; next: when to try.
CREATE TABLE delivery (
  notice bigint NOT NULL REFERENCES notice ON DELETE CASCADE,
  way    text COLLATE "C" NOT NULL,
  state  text NOT NULL,
  tries  integer NOT NULL,
  next   bigint NOT NULL,
  error  text,
  PRIMARY KEY (notice, way)
);
CREATE INDEX delivery_waiting ON delivery (way, next) WHERE state = 'waiting';
CREATE INDEX delivery_sending ON delivery (notice) WHERE state = 'sending';

-- The latest notice of a policy to somebody about a job; start: of the run that it named.
CREATE TABLE notice_run (
  policy   text COLLATE "C" NOT NULL,
  audience text COLLATE "C" NOT NULL,
  name     text COLLATE "C" NOT NULL,
  job      text COLLATE "C" NOT NULL,
  start    bigint NOT NULL,
  notice   bigint NOT NULL REFERENCES notice ON DELETE CASCADE,
  PRIMARY KEY (policy, audience, name, job)
);
CREATE INDEX notice_run_by_notice ON notice_run (notice);

-- The latest act of a policy on each job (domain StoredAct). match: JSON, with the evidence.
CREATE TABLE act (
  job    text COLLATE "C" PRIMARY KEY,
  policy text NOT NULL,
  time   bigint NOT NULL,
  state  text NOT NULL,
  error  text,
  match  text NOT NULL
);
CREATE INDEX act_by_time ON act (time);

-- Users who do not want the weekly digest.
CREATE TABLE digest_refusal (
  "user" text COLLATE "C" PRIMARY KEY,
  time   bigint NOT NULL
);

-- Keys that sign links. Two random UUIDs have 244 random bits, and need no extension.
CREATE TABLE secret (
  name  text PRIMARY KEY,
  value text NOT NULL
);
INSERT INTO secret (name, value) VALUES ('links', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
