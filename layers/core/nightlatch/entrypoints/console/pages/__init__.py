"""What each page shows and does. A page calls services and hands what they say to its template."""
