"""The demo cinema: theatres, screens, movies and a week of shows that are all our own invention."""
