"""Engines and memory are measured here, into bench/ of the kit; may import engines, sandbox, figures, ground."""
