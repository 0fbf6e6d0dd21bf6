"""Find out what is wrong with a site: replays of requests, and an examination of its data."""
