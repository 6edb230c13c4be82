"""The HTTP edge: where departments' systems acknowledge, reply, return, and read their inbox.

``app.py`` has the routes, ``door.py`` what happens to every request before and after them, ``problems.py``
how a refusal looks, ``server.py`` how it is served. Only the edge is here: what a request means is decided
at the desk, and nothing here touches the database or the engine itself.
"""
