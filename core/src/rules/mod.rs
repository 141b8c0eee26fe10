//! (to be written)

mod problem;

pub use problem::Problem;
