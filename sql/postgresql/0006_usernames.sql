-- Usernames: users log in with their username; others see their display name.

ALTER TABLE lumen_account RENAME COLUMN username TO display_name;
ALTER TABLE lumen_account RENAME COLUMN name TO username;
