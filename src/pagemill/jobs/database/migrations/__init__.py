"""The database's schema, as numbered SQL files: each step's way up and its way down."""
