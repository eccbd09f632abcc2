"""Protection of persons: keyed pseudonyms, and masking of numbers in everything that is shown."""
