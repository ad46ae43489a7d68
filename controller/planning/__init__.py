"""What decides: a plan, the rows of its table, and which looks it takes. Pure, every module."""
