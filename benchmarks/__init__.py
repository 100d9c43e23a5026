"""Timings and proofs that are too slow for tests. `./run bench` times, `./run prove` shows by long computation."""
