-- The view of the listings that searches read. The signed bytes stand in `record` under the
-- same seq; nothing here is authority, all of it can be built again from them.

CREATE TABLE listing (
    seq INTEGER PRIMARY KEY,          -- order of arrival
    household INTEGER NOT NULL,
    slot INTEGER NOT NULL,
    key BLOB NOT NULL,
    kind INTEGER NOT NULL,
    category TEXT NOT NULL,
    price_minor INTEGER,              -- 0 for a gift, NULL where there is no price
    currency TEXT,
    lat_e4 INTEGER,
    lon_e4 INTEGER,
    created_at_ms INTEGER NOT NULL,
    visible_until_ms INTEGER NOT NULL,
    state INTEGER NOT NULL            -- 0 open, 1 reserved, 2 taken
) STRICT;

-- Each of these ends in seq by itself, which is the order "newest first" needs.
CREATE INDEX listing_household ON listing (household);
CREATE INDEX listing_category ON listing (category);
CREATE INDEX listing_visible_until ON listing (visible_until_ms);
CREATE INDEX listing_price ON listing (ifnull(price_minor, 9223372036854775807));

-- The tokens of node/search/analysis.py. Words, not trigrams: see docs/adr/0004-search.md.
CREATE VIRTUAL TABLE listing_text USING fts5 (
    tokens, content = '', contentless_delete = 1, detail = none,
    tokenize = "ascii tokenchars '<>@.'"
);

-- Every word that any listing has used: `front` is the word without its dots, `back` its
-- reversed stem. Words of removed listings stay: they find nothing, and cost nothing.
CREATE TABLE word (
    word TEXT PRIMARY KEY,
    front TEXT NOT NULL,
    back TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX word_front ON word (front);
CREATE INDEX word_back ON word (back);
