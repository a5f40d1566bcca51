-- Retention.

-- Removed notifications. Their receipts are deleted later: see unread_counts.
CREATE TABLE removed (
    audience    text    NOT NULL,
    id          text    NOT NULL,
    category    text    NOT NULL,
    removed_at  bigint  NOT NULL,
    PRIMARY KEY (audience, id)
);
CREATE INDEX removed_by_age ON removed (removed_at);

CREATE INDEX receipt_by_notification ON receipt (notification_id);
CREATE INDEX receipt_by_archiving ON receipt (archived_at) WHERE archived_at IS NOT NULL;
CREATE INDEX idempotency_by_age ON idempotency (created_at);
