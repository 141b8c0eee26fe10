//! Where candidates come from: search engines and the unit's own lists of addresses.
//!
//! A source is a file ([`definition`]), what it is asked comes from [`queries`], one question becomes a [`request`], one answer
//! a [`reading`], and [`asking`] does a round of it: each ask written down before it is sent, each ended with an [`Outcome`], so
//! that "blocked" is never taken for "nothing found". [`seeds`] reads lists of addresses. Must not open a connection itself
//! (see [`asking::Net`]), solve a captcha, or hold anything that belongs to one engine. Start at [`asking::ask_all`].

pub mod asking;
pub mod definition;
pub mod outcome;
pub mod queries;
pub mod reading;
pub mod redirects;
pub mod request;
pub mod seeds;

pub use definition::{Definition, Overrides, Terms};
pub use outcome::{Outcome, SourceCounts, SourceRow};
pub use queries::{Plan, Query};
pub use reading::{Candidate, Reading};
pub use request::{Ask, Reply, Request};
