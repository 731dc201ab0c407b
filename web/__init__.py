"""Show what agents did: pages made on the server, usable without JavaScript."""
