"""Who and what is drawn: pure functions from published values to published values."""
