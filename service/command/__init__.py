"""The commands of `python -m service`, one module per concern. Messages are Chinese first."""
