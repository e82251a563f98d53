"""A lesson is built here: sources below lessons/ are read, checked and made into notebooks; may import messages, places."""
