"""JupyterLab for the workshop, and the student's own exercises; may import builder, filled, the front room and ground."""
