-- The log reads what everybody says in these few kinds; no index of the records leads there.
CREATE INDEX record_labels ON record (created_at_ms) WHERE kind = 41;
CREATE INDEX record_appeals ON record (created_at_ms) WHERE kind = 43;
