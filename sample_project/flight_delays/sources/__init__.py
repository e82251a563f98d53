"""Where flights come from. Each source gives the same three tables; see `tables.Tables`."""
