-- Rewriting: the text of edited and deleted messages leaves the log.

-- JSON: the positions of the events, besides `position`, that carry the message's text; NULL for none.
ALTER TABLE message ADD COLUMN copies text;

-- Events of a deleted room up to this position have been withdrawn.
ALTER TABLE room ADD COLUMN withdrawn_position integer NOT NULL DEFAULT 0;
