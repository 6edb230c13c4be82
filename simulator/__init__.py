"""A department as a real HTTP process: takes signed orders, answers through the gateway, obediently or not.

``wire`` is the contract seen from a department's side, ``conduct`` what one decides to do (drawn from a seed),
``caller`` the client that signs what it says, ``departments`` the HTTP app that plays several at once,
``serving`` how it is served. Nothing here touches Liandong's own database or engine: what works for the simulator
works for whoever builds a department's side.
"""
