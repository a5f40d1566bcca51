"""Bodies: what a request may contain, field by field, with its limits. The one use of pydantic.

fields          the kinds of fields: names, texts, ids, times
accounts        registering, logging in, one's own account
categories      what the application says of a category
notifications   publishing, and marking one's own
messages        sending and changing them, reading up to one, typing
rooms           making rooms, and who is in
preferences     what a user wants of them
"""
