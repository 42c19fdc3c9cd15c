"""Facts that a picture's file gives: dates, places, camera, captions."""
