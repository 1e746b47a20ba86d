"""How a prepared register lies on disk: numbers row by row, and every distinct text once."""
