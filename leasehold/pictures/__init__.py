"""Pictures of what ran and what it cost, each light and dark and with a table beneath.

What is in a picture is decided without anything that draws; `charts` alone draws, by the extra
`pictures`.
"""
