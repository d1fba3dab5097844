"""A server that speaks Ollama's API as the real one does, faults and all, and the tests that hold it to that."""
