"""The hotline's desk: every request from outside, checked, stored and handed to the case.

``cli`` and ``gateway`` are its two windows.
"""
