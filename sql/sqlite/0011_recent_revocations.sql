-- Recent revocations, which each instance reads once a second.

CREATE INDEX lumen_revocation_by_time ON lumen_revocation (not_before);
