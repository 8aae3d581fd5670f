-- Keys of whoever operates the service may read what concerns all keys. `serve` makes the first one for its operator.
ALTER TABLE keys ADD COLUMN operator boolean NOT NULL DEFAULT false;
UPDATE keys SET operator = true WHERE name = 'first';
