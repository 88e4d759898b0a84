"""The rules of the field, in plain standard-library Python."""
