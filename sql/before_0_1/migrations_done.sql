-- The first rows of a table `migration`, which may be an application's: as texts, whatever they are.
SELECT CAST(m.version AS text), CAST(m.name AS text)
FROM migration m
ORDER BY m.version
LIMIT 100
