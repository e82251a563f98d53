"""A submission is judged here: taken apart, run where it can do no harm, graded; may import builder, ground, places."""
