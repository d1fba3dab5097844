"""Who does it, when: use-cases, ports, the supervisor and its workers."""
