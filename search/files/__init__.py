"""Files and folders on disk: the boundary of folders, and files that are written whole."""
