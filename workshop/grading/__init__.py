"""A submission is judged here: taken apart and run in a jail; may import builder, filled, the front room and ground."""
