"""Commit: commands become rows and events, many commands in one transaction.

committer, handlers          the transaction of many commands; the handler of each command
log, transaction, database   the log of events; one write transaction; SQLite and PostgreSQL
permissions, counts          what a user may do in a room; what a user has not read
notifications, rooms, accounts, preferences, jobs    the commands and reads of each noun
"""
