//! What is different on each system.

pub mod linux;
