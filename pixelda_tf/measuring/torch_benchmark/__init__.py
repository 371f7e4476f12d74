"""Our train steps in PyTorch, to measure ours against."""
