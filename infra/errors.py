"""The error that ends a synthesis before it begins."""


class SettingsError(Exception):
    """Everything that is wrong with the files and the context, one sentence a line."""
