"""The lecture's decks are built here, with figures of a run; may import the front room and ground."""
