"""The registries as staff see them: overview, lists with search and filters, one row with its history, files."""
