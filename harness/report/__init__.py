"""What a run brought, for eyes and for programs."""
