"""Send on what is kept: to other collectors and products, and to files.

The database is the queue: an exporter is a cursor in it, moved when the far side has said that it has the items.
It promises each item at least once while the far side comes back within the caps; what is given up is counted.
It never makes ingest wait. Must not know how records arrive.
"""
