"""Where the programs run: settings, the connection to Temporal, embedded servers, ``liandong up``.

Nothing here knows what a case is. ``state`` and ``settings`` say where things are, ``parts`` starts and
stops programs, ``embedded`` knows the two servers, ``stack`` puts all of it together.
"""
