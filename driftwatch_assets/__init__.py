"""Machine-learning models that are watched: one declaration becomes the whole Dagster asset graph."""
