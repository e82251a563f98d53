"""The parts of `python -m workshop grade`: take a submission apart, run it where it can do no harm, tell how it went."""
