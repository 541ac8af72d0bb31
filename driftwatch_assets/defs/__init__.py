"""What is watched: a folder a monitored model."""
