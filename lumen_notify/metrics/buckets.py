"""Buckets: the bounds of the histograms."""

from __future__ import annotations

DURATION_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Of what an instance does by itself, in seconds."""

DELIVERY_BUCKETS = (0.0005, *DURATION_BUCKETS, 5.0, 10.0)
"""Of what users wait for, in seconds."""

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
"""Of batch sizes."""

PUSH_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0)
"""Of push delays, in seconds."""

STREAM_BUCKETS = (1.0, 10.0, 60.0, 300.0, 1800.0, 3600.0, 14_400.0, 86_400.0)
"""Of the time that streams stay open, in seconds."""
