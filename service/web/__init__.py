"""HTTP: handlers parse and answer, each calls one use case; no rule of a draw lives here."""
