"""How figures came about: what they were made of, what changed since the vintage before, how a cell is derived."""
