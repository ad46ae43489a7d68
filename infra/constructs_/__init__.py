"""Constructs, one capability each. Stacks compose them; a construct knows no other stack."""
