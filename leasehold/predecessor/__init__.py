"""What the predecessor left, and how it becomes documents: `leasehold import`.

`configs` and `expiries` read its two formats, `account` looks at AWS, and the rest is pure:
`allotment` gives names, `settings`, `definitions`, `added`, `leases` and `schedules` say what each
field becomes, and `move` puts it together. Nothing here writes a file.
"""
