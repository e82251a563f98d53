"""JupyterLab for the workshop: the page that it opens at, and its settings; may import the front room and ground."""
