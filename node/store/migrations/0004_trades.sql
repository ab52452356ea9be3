-- Trades: the signed messages of both sides. What state a trade is in follows from them each time.
CREATE TABLE trade_message (
  id             BLOB    PRIMARY KEY,
  trade          BLOB    NOT NULL,        -- the id of the ASK that opened it
  author         BLOB    NOT NULL,
  seq            INTEGER NOT NULL,
  received_at_ms INTEGER NOT NULL,
  letter         BLOB,                    -- of the letter that carries an own message
  raw            BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_message_trade ON trade_message (trade, author, seq);
CREATE INDEX trade_message_author ON trade_message (author);

-- Of trades whose opening is here: what lists and searches need, all of it from that message.
CREATE TABLE trade (
  id           BLOB    PRIMARY KEY,
  listing      BLOB    NOT NULL,
  publisher    BLOB    NOT NULL,
  seeker       BLOB    NOT NULL,
  opened_at_ms INTEGER NOT NULL,
  rests        INTEGER NOT NULL DEFAULT 0, -- 1: nothing is due until another message comes
  listing_raw  BLOB                        -- the record that was read when asking
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_listing ON trade (listing);
CREATE INDEX trade_seeker ON trade (seeker);

-- Own listings that are offered in return for something.
CREATE TABLE trade_swap (
  listing BLOB NOT NULL,
  trade   BLOB NOT NULL,
  PRIMARY KEY (listing, trade)
) STRICT, WITHOUT ROWID;

-- Marks that trades have set, so that one set by hand is left alone.
CREATE TABLE trade_mark (
  listing BLOB    PRIMARY KEY,
  state   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Draws that this household holds: the secret it committed to.
CREATE TABLE trade_draw (
  draw         BLOB    PRIMARY KEY,
  listing      BLOB    NOT NULL,
  secret       BLOB    NOT NULL,
  closes_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX trade_draw_listing ON trade_draw (listing);

-- What another device of this household asked this one, which decides, to do.
CREATE TABLE trade_request (
  n       INTEGER PRIMARY KEY,
  content BLOB    NOT NULL
) STRICT;

-- Cases that others have laid before this household as a steward.
CREATE TABLE trade_case (
  trade          BLOB    PRIMARY KEY,
  household      BLOB    NOT NULL,
  received_at_ms INTEGER NOT NULL,
  content        BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

-- Rulings of stewards that have come in, until the trade takes them up.
CREATE TABLE trade_ruling (
  trade BLOB PRIMARY KEY,
  raw   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
