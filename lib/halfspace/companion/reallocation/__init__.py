"""Our question: can training work around the allocation of paths?"""
