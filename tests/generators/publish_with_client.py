"""Uses a client of openapi-python-client: publishes, marks, lists, and sends a message to a room.

Prints what came of it. Arguments: the address of the server, a token of the application, a token of alice.
"""

import json
import sys

from lumen_notify_client import AuthenticatedClient
from lumen_notify_client.api.inbox import list_notifications, mark_read
from lumen_notify_client.api.messages import send_message
from lumen_notify_client.api.publish import publish
from lumen_notify_client.api.rooms import create_room
from lumen_notify_client.models import (
    JsonObject,
    MarkAll,
    Marked,
    MessageBody,
    Notifications,
    Problem,
    PublicationBody,
    Published,
    RoomBody,
    RoomNow,
    Sent,
    ToUser,
)

url, *tokens = sys.argv[1:]
application, alice = (AuthenticatedClient(base_url=url, token=token) for token in tokens)

body = PublicationBody(
    to=ToUser(user="alice"), category="like", content="hi", data=JsonObject.from_dict({"photo": 7})
)
published = publish.sync(client=application, body=body)
assert isinstance(published, Published), published

page = list_notifications.sync(client=alice, limit=5)
assert isinstance(page, Notifications), page

marked = mark_read.sync(client=alice, body=MarkAll(all_=True))
assert isinstance(marked, Marked), marked

room = create_room.sync(client=alice, body=RoomBody(title="Tea"))
assert isinstance(room, RoomNow), room
sent = send_message.sync(room.id, client=alice, body=MessageBody(content="Tea?"))
assert isinstance(sent, Sent), sent

refused = publish.sync(
    client=alice, body=PublicationBody(to=ToUser(user="bob"), category="like", content="hi")
)
assert isinstance(refused, Problem), refused

contents = [item.content for item in page.items]
json.dump([published.recipients, contents, marked.unread_count, sent.seq, refused.code], sys.stdout)
