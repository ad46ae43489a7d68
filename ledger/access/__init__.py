"""How a deployed function is let in by the git server: credentials that change while it runs.

A secret is read, tokens are minted or signed; each connection asks anew. It must not know what is
read or written with them.
"""
