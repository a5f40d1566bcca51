"""Pages: some users of a push at a time, from what decides to what became of it.

entries    a push and a user each
page       entries -> who gets what, by `decision` -> dispatcher -> what became of it, by `results`
payload    what a device gets, in its language (`texts`)
"""
