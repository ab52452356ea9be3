-- Listings that this node does not show (node/store/unseen.py) stand in the view all the same:
-- who asks by id sees them, and a trade about one goes on. They have no row in listing_text.
ALTER TABLE listing ADD COLUMN concealed INTEGER NOT NULL DEFAULT 0;

-- Whose words this household follows, and whom it mutes; the numbers: node/moderation/choices.py.
CREATE TABLE moderation_choice (
  household BLOB    NOT NULL,
  choice    INTEGER NOT NULL,
  since_ms  INTEGER NOT NULL,
  PRIMARY KEY (household, choice)
) STRICT, WITHOUT ROWID;

-- The own block list, shared or not. Whom one only blocks is not on it.
CREATE TABLE block_list (
  household BLOB PRIMARY KEY,
  reason    TEXT NOT NULL,
  since_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What neighbours have reported to this household, a steward.
CREATE TABLE report (
  n          INTEGER PRIMARY KEY AUTOINCREMENT,
  sender     BLOB    NOT NULL,
  household  BLOB    NOT NULL,
  listing    BLOB,                     -- NULL: the whole household
  ground     INTEGER NOT NULL,
  text       TEXT    NOT NULL,
  at_ms      INTEGER NOT NULL,
  done_at_ms INTEGER                   -- when a person here was done with it
) STRICT;
CREATE INDEX report_sender ON report (sender, at_ms);

-- What has been said in public, as this node saw it: it outlives the records.
CREATE TABLE moderation_log (
  id         BLOB    PRIMARY KEY,      -- of what is said, by whom, of what
  kind       INTEGER NOT NULL,
  author     BLOB    NOT NULL,
  household  BLOB,
  listing    BLOB,
  number     INTEGER NOT NULL,
  text       TEXT    NOT NULL,
  said_at_ms INTEGER NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  gone_at_ms INTEGER                   -- when it did not hold any more; NULL while it does
) STRICT, WITHOUT ROWID;
CREATE INDEX moderation_log_gone ON moderation_log (gone_at_ms);
