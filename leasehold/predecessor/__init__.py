"""What the predecessor left, and how it becomes documents: `leasehold import`.

`configs` and `expiries` read its two formats, `account` looks at AWS, and the rest is pure:
`settings`, `definitions`, `leases` and `schedules` decide, `move` puts it together. Nothing here
writes a file.
"""
