"""Files and folders on disk: files written whole, their locks, the boundary of folders."""
