"""What can be wrong with the content of a page."""

from __future__ import annotations


class ReportContentError(ValueError):
    """What was handed to a report contradicts itself; the message names the model, the batch and the field."""
