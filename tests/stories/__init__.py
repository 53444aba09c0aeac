"""Stories of the duty, from a report to its end, that read as the city tells them."""
