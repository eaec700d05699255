"""What administrators and auditors look at: every request, what stands out, and the trail."""
