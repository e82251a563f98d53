"""The site is built here: pages of what is built already; may import builder, the front room and ground."""
