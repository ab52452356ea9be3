-- Mail. Ratchets, letters and what was done about them change in one transaction, always.

-- This device's mail keys: one Olm account, and the HPKE keys that still open parcels.
CREATE TABLE mail_account (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    pickle TEXT NOT NULL,
    identity BLOB NOT NULL,
    fallback BLOB NOT NULL,
    rotated_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE mail_hpke (
    n INTEGER PRIMARY KEY,
    seed BLOB NOT NULL,
    public BLOB NOT NULL,
    created_at_ms INTEGER NOT NULL,
    replaced_at_ms INTEGER            -- NULL: the present one
) STRICT;

-- Olm sessions with other devices; n is the order in which they began.
CREATE TABLE mail_session (
    n INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    device BLOB NOT NULL,
    identity BLOB NOT NULL,           -- the Olm identity of that device
    pickle TEXT NOT NULL,
    decrypted INTEGER NOT NULL,       -- order of the last decryption over all sessions; 0: none
    UNIQUE (device, id)
) STRICT;

-- Letters to send. An open one keeps its content, so that it can be sealed anew.
CREATE TABLE letter_out (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id BLOB NOT NULL UNIQUE,
    recipient BLOB NOT NULL,          -- a household
    device BLOB,                      -- the only one of its devices that is meant, or NULL
    topic INTEGER NOT NULL,
    content BLOB NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    is_open INTEGER NOT NULL,
    delivered_at_ms INTEGER,          -- when the first of the recipient's devices had it
    read_at_ms INTEGER,
    changed_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX letter_out_open ON letter_out (n) WHERE is_open = 1;

-- One row for each device that a letter is for. state: 0 open, 1 delivered, 2 refused, 3 expired.
CREATE TABLE parcel_out (
    n INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: answers name it
    letter INTEGER NOT NULL REFERENCES letter_out (n) ON DELETE CASCADE,
    household BLOB NOT NULL,
    device BLOB NOT NULL,
    state INTEGER NOT NULL,
    id BLOB,                          -- of the parcel; NULL while it is not sealed
    tag BLOB,
    card BLOB,                        -- the record for which it was sealed
    parcel BLOB,
    UNIQUE (letter, device)
) STRICT;
CREATE INDEX parcel_out_open ON parcel_out (n) WHERE state = 0;
CREATE INDEX parcel_out_id ON parcel_out (id);

CREATE TABLE parcel_holder (
    parcel INTEGER NOT NULL REFERENCES parcel_out (n) ON DELETE CASCADE,
    household BLOB NOT NULL,
    PRIMARY KEY (parcel, household)
) STRICT, WITHOUT ROWID;

-- What has arrived, so that nothing counts twice.
CREATE TABLE letter_in (
    sender BLOB NOT NULL,             -- a household
    message_id BLOB NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (sender, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX letter_in_age ON letter_in (at_ms);

CREATE TABLE parcel_in (
    id BLOB PRIMARY KEY,
    code INTEGER NOT NULL,            -- what became of it: protocol/mail/post.py
    household BLOB NOT NULL,          -- whose device sealed it
    device BLOB NOT NULL,
    message_id BLOB,                  -- NULL where nothing is to be acknowledged
    at_ms INTEGER NOT NULL,
    noted_at_ms INTEGER NOT NULL      -- when a note about it was last written; 0: never
) STRICT, WITHOUT ROWID;
CREATE INDEX parcel_in_age ON parcel_in (at_ms);

-- Parcels kept for absent devices of others.
CREATE TABLE parcel_held (
    n INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    tag BLOB NOT NULL,
    depositor BLOB NOT NULL,          -- a household
    bytes INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    parcel BLOB NOT NULL
) STRICT;
CREATE INDEX parcel_held_tag ON parcel_held (tag);
CREATE INDEX parcel_held_depositor ON parcel_held (depositor, bytes);
CREATE INDEX parcel_held_expiry ON parcel_held (expires_at_ms);

CREATE TABLE chat (
    n INTEGER PRIMARY KEY,
    message_id BLOB NOT NULL,
    household BLOB NOT NULL,          -- the other one
    listing BLOB,                     -- the key of the listing it is about
    title TEXT,                       -- of that listing, as it was then
    outgoing INTEGER NOT NULL,
    text TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    device BLOB,                      -- that sent it here; NULL for one's own
    read_at_ms INTEGER,
    UNIQUE (household, outgoing, message_id)
) STRICT;
CREATE INDEX chat_thread ON chat (household, listing, at_ms);
CREATE INDEX chat_unread ON chat (household) WHERE read_at_ms IS NULL AND outgoing = 0;
