"""Tests. A package, for some distributions bring one of this name, which would hide a folder."""
