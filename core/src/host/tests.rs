//! Claims about host names.
