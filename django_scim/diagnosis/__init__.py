"""Find problems of a site by replays of requests and by an examination of its data."""
