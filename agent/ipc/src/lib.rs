//! A local socket with a check of who is at the other end.
