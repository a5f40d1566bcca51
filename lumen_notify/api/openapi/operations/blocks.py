"""Operations of whom a user does not want to hear from directly."""

from __future__ import annotations

from lumen_notify.api.openapi.operation import Operation
from lumen_notify.api.openapi.operations.shared import PAGE_LIMIT, READS, USER_CURSOR, USER_ID, WRITES
from lumen_notify.api.openapi.schema import ref

LIST = Operation(
    name="listBlocks",
    tag="rooms",
    summary="List whom the caller has blocked",
    parameters=(PAGE_LIMIT, USER_CURSOR),
    answered="A page.",
    answer=ref("Blocks"),
    problems=(*READS, "invalid"),
)

GET = Operation(
    name="getBlock",
    tag="rooms",
    summary="Ask whether the caller has blocked a user",
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
    parameters=(USER_ID,),
    answered="He is blocked.",
    answer=ref("Block"),
    problems=(*WRITES, "invalid"),
)

DELETE = Operation(
    name="deleteBlock",
    tag="rooms",
    summary="End a block",
    parameters=(USER_ID,),
    answered="He is not blocked any more.",
    answer=ref("Unblocked"),
    problems=(*WRITES, "invalid", "not_found"),
)
