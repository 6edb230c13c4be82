"""What people read, in Chinese and English: one catalogue for the command line and the gateway.

``zh.ftl`` and ``en.ftl`` hold the sentences; ``catalogue`` finds them by key. No rule lives here.
"""
