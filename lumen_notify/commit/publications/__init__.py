"""Publications: what becomes of them later: they are changed, taken back, or deleted by users."""
