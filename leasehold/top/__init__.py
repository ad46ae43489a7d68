"""`leasehold top`: the fleet, live in a terminal, and the keys that keep an endpoint on.

`board` says what is shown, and `source` what is read and committed; `screens` and `app` draw it
with textual, which the extra `top` has. Only the verb loads them, when it draws.
"""
