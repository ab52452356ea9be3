-- Links of the devices' chains. They outlive their records, so that what somebody hides, changes
-- or forks shows; of one place at most two are kept, which is what a proof needs.
CREATE TABLE ledger_entry (
  n         INTEGER PRIMARY KEY,
  device    BLOB    NOT NULL,
  place     INTEGER NOT NULL,        -- the entry's index in the device's chain
  id        BLOB    NOT NULL,        -- of the record
  household BLOB    NOT NULL,
  raw       BLOB    NOT NULL,
  UNIQUE (device, place, id)
) STRICT;
CREATE INDEX ledger_entry_household ON ledger_entry (household);

-- What this file's device has signed: its own chain may hold nothing else.
CREATE TABLE ledger_written (
  id BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;

-- The longest chain of a device that anybody has told of in a trade.
CREATE TABLE ledger_told (
  device    BLOB    PRIMARY KEY,
  household BLOB    NOT NULL,
  count     INTEGER NOT NULL,
  id        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- The own trades' receipts, private ones and those that one side has not signed included.
CREATE TABLE receipt (
  digest              BLOB    PRIMARY KEY,
  trade               BLOB    NOT NULL,
  other               BLOB    NOT NULL,    -- the household at the other side
  fields              BLOB    NOT NULL,
  publisher_device    BLOB,
  publisher_signature BLOB,
  seeker_device       BLOB,
  seeker_signature    BLOB,
  concluded_at_ms     INTEGER NOT NULL,
  linked_by           BLOB                 -- the device in whose chain it stands, or NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_other ON receipt (other);

-- Reviews that this device wrote; their words are shown once they are linked.
CREATE TABLE review (
  receipt    BLOB    PRIMARY KEY,
  about      BLOB    NOT NULL,
  recommends INTEGER NOT NULL,
  text       TEXT    NOT NULL,
  salt       BLOB    NOT NULL,
  letter     BLOB    NOT NULL,             -- the message that carries the commitment
  linked     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- What others have committed themselves to.
CREATE TABLE review_commitment (
  receipt    BLOB NOT NULL,
  household  BLOB NOT NULL,
  commitment BLOB NOT NULL,
  PRIMARY KEY (receipt, household)
) STRICT, WITHOUT ROWID;
