"""The demo: a town in a minute. Scripted departments and people around the real stack, over the real callback path.

Nothing here is used in production. What people do is scripted by ``plans``; ``town`` plays the departments'
own systems (HTTP), ``office`` the people of the hotline, ``stories`` tells three cases, ``run`` puts it together.
"""
