"""What is compared; each module runs alone, in its own environment, and prints its measurements as JSON."""
