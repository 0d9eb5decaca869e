"""What people ask for through the API: declare, sync, look, register. They ask; functions act."""
