"""Automation: the sensor and schedules that rerun years, the calendar, and alerts."""
