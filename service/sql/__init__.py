"""The schema as SQL text."""
