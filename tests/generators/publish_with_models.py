"""Uses models of datamodel-code-generator: publishes, marks, lists, and sends a message to a room.

Prints what came of it. Arguments: the address of the server, a token of the application, a token of alice.
"""

import json
import sys
from typing import TypeVar

import httpx
from lumen_models import (
    MarkAll,
    MarkBody,
    Marked,
    MessageBody,
    Notifications,
    Problem,
    PublicationBody,
    Published,
    RoomBody,
    RoomNow,
    Sent,
    To,
    ToUser,
)
from pydantic import BaseModel

Answer = TypeVar("Answer", bound=BaseModel)

url, application, alice = sys.argv[1:]


def request(kind: type[Answer], method: str, path: str, token: str, body: BaseModel | None = None) -> Answer:
    content = None if body is None else body.model_dump_json(exclude_unset=True)
    headers = {"Authorization": f"Bearer {token}"}
    response = httpx.request(method, f"{url}/api/v1{path}", content=content, headers=headers)
    return kind.model_validate_json(response.content)


publication = PublicationBody(to=To(ToUser(user="alice")), category="like", content="hi")
published = request(Published, "POST", "/notifications", application, publication)
page = request(Notifications, "GET", "/notifications?limit=5", alice)
marked = request(Marked, "POST", "/notifications/read", alice, MarkBody(MarkAll(all=True)))
room = request(RoomNow, "POST", "/rooms", alice, RoomBody(title="Tea"))
sent = request(Sent, "POST", f"/rooms/{room.id}/messages", alice, MessageBody(content="Tea?"))
to_another = publication.model_copy(update={"to": To(ToUser(user="bob"))})
refused = request(Problem, "POST", "/notifications", alice, to_another)

contents = [item.content for item in page.items]
json.dump([published.recipients, contents, marked.unread_count, sent.seq, refused.code], sys.stdout)
