"""Priority: a publication without a priority of its own gets its category's.

A stage of `publish`.
"""

from __future__ import annotations

from lumen_notify.commit.notifications.batch import Batch


async def set_priority(batch: Batch) -> None:
    """Set the priority of each publication that has none: its category's, else `normal`."""
    items = [item for item in batch.items if "priority" not in item.publication.fields]
    if not items:
        return
    categories = await batch.categories()
    for item in items:
        publication = item.publication
        category = categories.get(publication.category)
        priority = (category and category.priority) or "normal"
        item.publication = publication.with_fields({**publication.fields, "priority": priority})
