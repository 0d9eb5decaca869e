"""What a project permits: parsed strictly, decided purely. Nothing here knows a network, a disk or a client."""
