"""The history of figures: their inputs, the changes since the previous vintage, and the derivation of a cell."""
