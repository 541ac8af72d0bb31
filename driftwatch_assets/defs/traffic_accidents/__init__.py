"""Traffic crashes in a city, a batch a year: which of them are unlike the others."""
