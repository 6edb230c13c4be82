"""Every touch of the outside world that a case makes. Each can run twice without a second effect."""
