"""The commands of `python -m disclosure`: the one place in this package that opens files."""
