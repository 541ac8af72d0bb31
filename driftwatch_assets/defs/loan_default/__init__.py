"""Loans of ten instalments: which of them will be 30 days past due half a year after their start."""
