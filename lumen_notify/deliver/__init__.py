"""The deliver side: from committed events to bytes on the open streams.

tail         reads events in position order -> hub
hub          finds the channels of an event's audience
channel      one user: counts and open connections; broadcast: many users at once
replay       the newest events, in memory
timer_wheel  one timer for all streams
frames/      an event as bytes, and its effect on a user's counts
connection/  how the bytes of one stream leave the process
streams/     opening, registry, timers of streams; their endpoints
ephemeral/   what is sent to open streams only, such as typing
"""
