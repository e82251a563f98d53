"""A lesson is built here: sources below lessons/ are checked and made into notebooks; may import the front room and ground."""
