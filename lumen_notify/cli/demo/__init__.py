"""Demo: what `serve --demo` adds to a server.

content   two users with a room and notifications, made once per database
story     what they have written to each other
text      what the terminal shows once the server runs
"""
