"""The collection round: which years are to be counted again and when, and what the calendar asks for."""
