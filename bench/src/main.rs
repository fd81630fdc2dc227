//! Load generator and benchmark suite.
fn main() {}
