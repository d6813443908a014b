-- Secrets that programs show. Only their SHA-256 is stored, in hexadecimal digits.
CREATE TABLE token (
  name       TEXT    PRIMARY KEY,
  role       TEXT    NOT NULL,
  hash       TEXT    NOT NULL UNIQUE,
  created    INTEGER NOT NULL,
  created_by TEXT    NOT NULL,
  expires    INTEGER,
  last_used  INTEGER
) STRICT, WITHOUT ROWID;

-- Proofs that are remembered; hash as above, identity is JSON (domain Identity) and has the user's name once more.
CREATE TABLE session (
  hash     TEXT    PRIMARY KEY,
  user     TEXT    NOT NULL,
  identity TEXT    NOT NULL,
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX session_by_user ON session (user, created);
CREATE INDEX session_by_expiry ON session (expires);

-- Who changed what, and when. A number is never given twice, because pages go on behind one.
CREATE TABLE audit (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  time    INTEGER NOT NULL,
  caller  TEXT    NOT NULL,
  proof   TEXT    NOT NULL,
  action  TEXT    NOT NULL,
  subject TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_time ON audit (time);
-- What users cause themselves, and as often as they like.
CREATE INDEX audit_of_sessions ON audit (number) WHERE action = 'session_started' OR action = 'session_ended';
