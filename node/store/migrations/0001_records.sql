-- Signed records: one stands in each register (household, kind, slot); seq is the order of arrival.
CREATE TABLE household (
  n  INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE
);

CREATE TABLE record (
  seq           INTEGER PRIMARY KEY,
  id            BLOB    NOT NULL,
  household     INTEGER NOT NULL REFERENCES household (n),
  kind          INTEGER NOT NULL,
  slot          INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  raw           BLOB    NOT NULL
);
CREATE UNIQUE INDEX record_register ON record (household, kind, slot);
-- Reconciliation walks, and catch-up fetches, in order of creation.
CREATE INDEX record_order ON record (created_at_ms, id);
CREATE INDEX record_expiry ON record (expires_at_ms);

-- What this household knows for itself: keys of this device, the network key, its settings.
CREATE TABLE setting (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE profile (
  household INTEGER PRIMARY KEY REFERENCES household (n),
  seq       INTEGER NOT NULL,
  name      TEXT    NOT NULL,
  about     TEXT    NOT NULL,
  place     TEXT,
  lat_e4    INTEGER,
  lon_e4    INTEGER
);

-- Neighbours' addresses, remembered across restarts.
CREATE TABLE address (
  host              BLOB    NOT NULL,
  address           TEXT    NOT NULL,
  last_connected_ms INTEGER,
  PRIMARY KEY (host, address)
) WITHOUT ROWID;

-- When a neighbour's set was last found equal to ours.
CREATE TABLE synced (
  household INTEGER PRIMARY KEY REFERENCES household (n),
  at_ms     INTEGER NOT NULL
);

CREATE TABLE blocked (
  household INTEGER PRIMARY KEY REFERENCES household (n),
  since_ms  INTEGER NOT NULL
);
