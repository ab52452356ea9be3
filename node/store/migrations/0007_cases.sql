-- A dispute comes to its steward in parts, from either side, and is kept for a while only.
DROP TABLE trade_case;

-- One row for each household that has laid a trade before this one.
CREATE TABLE trade_case (
  trade          BLOB    NOT NULL,
  household      BLOB    NOT NULL,
  received_at_ms INTEGER NOT NULL,   -- when something new came last
  missing        INTEGER NOT NULL,   -- messages that it names and that nobody has brought yet
  handed         BLOB    NOT NULL,   -- what it names, and its words: a part with the openers only
  PRIMARY KEY (trade, household)
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_case_household ON trade_case (household);

CREATE TABLE trade_case_message (
  trade     BLOB NOT NULL,
  household BLOB NOT NULL,           -- who handed it over
  id        BLOB NOT NULL,
  raw       BLOB NOT NULL,
  PRIMARY KEY (trade, household, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_case_message_household ON trade_case_message (household);

-- What this household ruled, as long as the case is kept.
CREATE TABLE trade_case_ruling (
  trade       BLOB    PRIMARY KEY,
  ruled_at_ms INTEGER NOT NULL,
  raw         BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Own trades that were laid before a steward, and the letters with which they went.
CREATE TABLE trade_handed (
  trade   BLOB    PRIMARY KEY,
  steward BLOB    NOT NULL,
  at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE trade_handed_letter (
  trade  BLOB NOT NULL,
  letter BLOB NOT NULL,
  PRIMARY KEY (trade, letter)
) STRICT, WITHOUT ROWID;
