"""Loan applications from a database: was the loan given or refused."""
