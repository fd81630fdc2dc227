//! What a device decides.
