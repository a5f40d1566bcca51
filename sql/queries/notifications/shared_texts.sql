-- insert_shared_texts rows
-- Who: every write transaction that shares texts.
INSERT INTO lumen_shared_text (id, uses, text)
SELECT r.id, r.uses, r.text
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, uses bigint, text text)

-- change_uses
-- Who: the same. Index: the primary key.
UPDATE lumen_shared_text
SET uses = lumen_shared_text.uses + r.uses
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text, uses bigint)
WHERE lumen_shared_text.id = r.id

-- delete_unused_texts
-- Who: the same, for those that it releases. Index: the primary key.
DELETE FROM lumen_shared_text
WHERE id IN (
    SELECT r.id
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
) AND uses <= 0

-- shared_texts
-- Who: flush_groups, publish_digests, retract, edit_notifications; whatever reads events. Index: the primary key.
SELECT t.id, t.text
FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r(id text)
JOIN lumen_shared_text t ON t.id = r.id

-- text_ids_of_events
-- Who: retention, before it trims events. The beginnings of those that share texts, where the ids are. Index: the
-- primary key.
SELECT substr(e.body, 1, :characters)
FROM lumen_event e
WHERE e.position <= :up_to AND e.kind IN ('notification', 'update', 'notification_edited', 'bundle')
    AND substr(e.body, 1, 11) = '{"shared":['
