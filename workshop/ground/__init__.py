"""What more than one room stands on, each thing a module of its own; may import places and surroundings."""
