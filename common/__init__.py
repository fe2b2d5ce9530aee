"""What the three libraries and `experiments` share; import its modules one by one."""
