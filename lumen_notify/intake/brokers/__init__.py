"""Brokers: one module for each kind of broker.

This is the only folder that imports FastStream and the clients that it uses, which are extras: each module is
imported when its broker is opened.
"""
