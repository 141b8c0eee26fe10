//! Fetching from hostile servers: what may be asked, when, of whom, and how much of the answer is read.

pub mod frontier;
