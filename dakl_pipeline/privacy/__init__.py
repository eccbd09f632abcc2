"""What protects persons: keyed pseudonyms, and the masking of numbers in anything that is shown."""
