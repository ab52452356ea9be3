-- Delivery notes kept for absent devices have room of their own: they never take a letter's place.
ALTER TABLE parcel_held ADD COLUMN is_note INTEGER NOT NULL DEFAULT 0;
CREATE INDEX parcel_held_note ON parcel_held (depositor, tag) WHERE is_note = 1;
