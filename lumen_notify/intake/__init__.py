"""Intake: publications, messages and marks that come from a queue instead of HTTP requests.

    service     takes in while it is this process's turn, reconnects, drains
    source      what a broker does for intake; `brokers` has one for each kind
    taker       a batch of the queue -> transactions, and dead letters for what cannot be accepted
    reader      the bytes of a message -> a command, or a refusal
    envelopes   the shapes of messages

Not here: what is written in the transaction (`commit/intake`).
"""
