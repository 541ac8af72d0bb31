"""A small made-up model of two tables a month, with labels that come two months later; no system of the project."""
