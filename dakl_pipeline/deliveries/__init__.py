"""The delivery log: its entries, the collection rounds, and the selection of files."""
