"""The vocabulary: frozen values and pure rules. Imports the standard library and pydantic, nothing else.

No clock, no random number, no environment is read here: time, ids and calendars come in as values.
"""
