"""What arrives from outside: deliveries of forges and events of AWS become messages."""
