"""Which states may a crash leave on the disk, and is the promise kept in
each?  trace.py records what a program asked of its files, disk.py says what
of it the disk may hold, check.py recovers and looks."""
