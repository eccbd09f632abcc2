"""The technical check and the content findings of one delivered file."""
