//! The program around the core: finds candidates, fetches pages, keeps evidence, follows cases, tells people.
//!
//! One direction, as docs/ARCHITECTURE.md draws it: [`discover`] → [`crawl`] → core's page and verdict → [`store`] →
//! [`cases`] → [`outbox`]. [`patrol`] joins the steps of one round, [`wiring`] alone builds the parts, [`desk`] is what the
//! commands in [`cli`] may ask. Only `store` names sled, only `crawl` opens connections to the outside, only `outbox` speaks
//! SMTP. Start at [`patrol`].

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod cases;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crawl;
pub mod daemon;
pub mod desk;
pub mod discover;
pub mod evidence;
pub mod outbox;
pub mod patrol;
pub mod practice;
pub mod store;
pub mod telemetry;
pub mod tuning;
pub mod wiring;
