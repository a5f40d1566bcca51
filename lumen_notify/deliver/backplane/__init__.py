"""The backplane: what the instances of one service tell each other.

A hint saves a read of the log; the log is the truth. A message is for what is not in the log, such as typing,
and may be lost.
"""
