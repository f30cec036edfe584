"""One search of the engine sign-split in parts: subtrees that are searched one by one, anywhere, and joined."""
