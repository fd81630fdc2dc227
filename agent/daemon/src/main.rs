//! The agent of a device.

fn main() {}
