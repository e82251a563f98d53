"""Notebooks are run here, those of the pipeline and those of the lessons; may import the front room and ground."""
