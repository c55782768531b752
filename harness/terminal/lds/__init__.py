"""What the files of a passport's logical data structure say (ICAO 9303-10, 4)."""
