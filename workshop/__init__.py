"""The kit's own tool: build the notebooks, run them as a pipeline, compare the engines, grade, examine the machine."""
