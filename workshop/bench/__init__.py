"""Engines and memory are measured here, into bench/ of the kit; may import the front room and ground."""
