"""HTTP: what the endpoints of `accept` and `deliver` share. Nothing here accesses the database.

requests    the caller, the body, the query      responses   JSON, and the types of its fields
fields      the types of fields in bodies        problems    errors as problem documents
pages       limits and cursors of lists          context     what all endpoints share
rate_limits   how much each user may do          rate_limiter    counts it
one_of      bodies with several forms            operation   the description of one endpoint
route       a path with its endpoints
"""
