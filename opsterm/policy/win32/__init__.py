"""What Windows itself means by paths, registry keys, services and programs, in whichever shell they are named."""
