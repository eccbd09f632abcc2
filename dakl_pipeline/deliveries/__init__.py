"""The delivery log: its entries, the rounds in which suppliers deliver, and which files count."""
