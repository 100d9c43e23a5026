"""The rim of double-random: people, PostgreSQL, the clock, keys and HTTP."""
