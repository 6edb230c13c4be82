"""The command line: ``liandong <noun> <verb>``, one file a noun.

Commands ask the desk and show what came of it; no rule lives here. ``main`` puts the nouns together, ``verbs``
makes a coroutine a command, ``console`` speaks, ``session`` opens the servers, ``entries`` checks what was typed.
The nouns import what takes long to load only when a command runs, so that ``--help`` answers at once.
"""
