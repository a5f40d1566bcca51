"""What every endpoint is built of; `accept` and `deliver` both stand on it. It knows no database.

requests    the caller, the body, the query      responses   JSON, and the types of its fields
fields      the types of fields in bodies        problems    errors as problem documents
pages       limits and cursors of lists          context     what all endpoints share
route       a path with its endpoints            operation   what `/openapi.json` says of one endpoint
"""
