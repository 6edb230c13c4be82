"""The dossier as a file: written, read without trust, and made readable for people. Asks no server for anything."""
