"""The formats of exports: one class each. A new one is a class, a member of ExportFormat and a line in the registry."""
