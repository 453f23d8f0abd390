"""What a ThingSpace API is declared in: operations, schemas, fields, events."""
