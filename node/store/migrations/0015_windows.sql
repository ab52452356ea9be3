-- Listings that their author lets members show in other communities; and what names, in the other
-- community, the listing that a carried one was taken from (spec 13). Both are few.
ALTER TABLE listing ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE listing ADD COLUMN thing BLOB;

CREATE INDEX listing_shared ON listing (is_shared) WHERE is_shared = 1;
CREATE INDEX listing_thing ON listing (thing) WHERE thing IS NOT NULL;
