"""What a planner may ask before a plan exists: what would a rule do over the years? Pure: no database, no HTTP, no clock."""
