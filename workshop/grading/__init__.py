"""A submission is judged here: taken apart, run where it can do no harm; may import builder, the front room and ground."""
