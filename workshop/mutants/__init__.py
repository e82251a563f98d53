"""A solution is changed in one place at a time, to see whether its check notices; may import builder, places and ground."""
