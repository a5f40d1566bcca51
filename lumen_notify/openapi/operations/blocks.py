"""Operations of whom a user does not want to hear from directly."""

from __future__ import annotations

from lumen_notify.openapi.operation import Operation
from lumen_notify.openapi.operations.rooms import USER_CURSOR, USER_ID
from lumen_notify.openapi.operations.shared import BEARER, PAGE_LIMIT, READS
from lumen_notify.openapi.schema import ref

_CHANGES = (*READS, "invalid", "commit_unknown", "overloaded")

LIST = Operation(
    name="listBlocks",
    tag="rooms",
    summary="List whom the caller has blocked",
    credentials=BEARER,
    parameters=(PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Blocks"),
    problems=(*READS, "invalid"),
)

GET = Operation(
    name="getBlock",
    tag="rooms",
    summary="Ask whether the caller has blocked a user",
    credentials=BEARER,
    parameters=(USER_ID,),
    answered="He has.",
    answer=ref("Block"),
    problems=(*READS, "invalid", "not_found"),
)

PUT = Operation(
    name="putBlock",
    tag="rooms",
    summary="Block a user",
    description="From now on he can send the caller no direct message. He is not told. Twice is once.",
    credentials=BEARER,
    parameters=(USER_ID,),
    answered="He is blocked.",
    answer=ref("Block"),
    problems=_CHANGES,
)

DELETE = Operation(
    name="deleteBlock",
    tag="rooms",
    summary="End a block",
    credentials=BEARER,
    parameters=(USER_ID,),
    answered="He is not blocked any more.",
    answer=ref("Unblocked"),
    problems=(*_CHANGES, "not_found"),
)
