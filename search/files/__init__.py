"""Files and folders on disk: the boundary of folders."""
