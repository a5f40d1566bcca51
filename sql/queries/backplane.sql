-- notify
-- Who: each instance, for the probe of its backplane, every few seconds.
SELECT pg_notify(:channel, :payload)

-- notify sqlite
SELECT :channel, :payload
