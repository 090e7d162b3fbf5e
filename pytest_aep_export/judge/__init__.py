"""The judge of clients: scenarios, what a client did in them, and the rules that it is held to."""
