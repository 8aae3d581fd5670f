"""The playground: submit, watch, look at what came."""
