"""Files for people, made from values alone: pages with charts, and workbooks. Nothing here asks a server."""
