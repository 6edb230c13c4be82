"""``make chaos``: kill everything in turn and together under load, and see whether a promise breaks.

``house`` starts, kills and restarts the four parts; ``faults`` is the plan of what is killed when; ``load`` the cases,
the people and the departments; ``promises`` what must hold afterwards; ``report`` the figures.
"""
