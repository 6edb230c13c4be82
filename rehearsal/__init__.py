"""The real workflow on the real engine in virtual time, with scripted people in place of real ones."""
