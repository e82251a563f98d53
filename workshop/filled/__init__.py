"""What a student has filled in: read, known again, taken to another issue; may import builder, the front room and ground."""
