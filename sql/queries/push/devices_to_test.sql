-- devices_to_test
-- Who: `lumen-notify push-test`. The devices of a user that get pushes. Index: lumen_device_by_user.
SELECT id, provider, token, kind, locale, p256dh, auth, name
FROM lumen_device
WHERE user_id = :user_id AND dropped_at IS NULL
ORDER BY id
LIMIT 1000
