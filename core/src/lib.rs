//! What jianzheng knows and decides, with no way to touch the world.
//!
//! Nothing here opens a file, a socket or a clock: bytes, names, rules and the time of day come in as arguments, values go
//! out, and hostile input never becomes an error, only a result that says what was cut. The manifest keeps that promise.
//!
//! The way of the data: [`page`] turns bytes into an extract, [`text`] undoes disguises, [`entities`] finds contacts,
//! [`place`] tells where, [`host`] tells whom a name imitates, [`likeness`] whose page it copies, [`rules`] are what officers
//! write, [`verdict`] weighs it all. [`cloaking`] holds what different guests were shown against each other.
//! [`address`] canonicalises URLs, [`pattern`] tells what many of them have in common; [`schedule`] and [`case`] are the laws of time and of a case's life.
//! Start at [`verdict`].

#![deny(missing_docs)]
#![forbid(unsafe_code)]

pub mod address;
pub mod case;
pub mod cloaking;
pub mod entities;
mod evidence;
pub mod host;
pub mod likeness;
pub mod page;
pub mod pattern;
pub mod place;
pub mod rules;
pub mod schedule;
pub mod text;
pub mod verdict;
pub mod wording;
