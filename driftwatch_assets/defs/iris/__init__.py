"""Iris flowers, fetched from a server: which of three species is it."""
