"""Score tables: every format that holds scores, read into one validated ScoreTable."""
