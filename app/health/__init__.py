"""Health: diseases, vaccines, medications, and what the animals had and were given."""
