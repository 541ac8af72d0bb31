"""Sixteen metal-oxide gas sensors over 36 months: which of six gases was it."""
