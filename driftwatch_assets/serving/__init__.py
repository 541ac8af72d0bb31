"""The prediction service: champions over HTTP, reports, metrics, and a log of what was served."""
