"""The URLs of a command: read from files, and put in an order that spares their hosts."""
