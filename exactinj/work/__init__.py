"""What every computation needs around it: a clock, a verdict, child processes."""
