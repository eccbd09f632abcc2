"""The delivery season: which years are to be counted again and when, and what the calendar asks for."""
