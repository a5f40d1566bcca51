-- A long replay asks which rooms a user has left, before it reads their events page by page.

CREATE INDEX lumen_event_departure ON lumen_event (audience, position) WHERE kind = 'left';
