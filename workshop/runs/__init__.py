"""Notebooks are run here, those of the pipeline and those of the lessons; may import engine_run, compare, run, engines, ground, places."""
