"""Operation during a collection round: reruns, reminders from the calendar, and the health of a home."""
