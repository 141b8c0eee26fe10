//! Host names: read them, know whose they are, tell what they imitate.
//!
//! [`host_of`] turns what a person or a page wrote into a lower-case A-label; [`Authorities`] is the reviewed list of genuine
//! hosts and telling words (`rules/authorities.toml`), built once; [`Authorities::judge`] says spoof, watch, official or
//! clean, and why. Only the host name speaks here: no look at the page, no resolving, no clock. A name without a sign proves
//! nothing about the page behind it. The words are data, the mechanism is code: a new trick with known words needs no change
//! here, a new word none but in the file.
//!
//! Start at [`Authorities`]; how a name is read is in `signs`, how signs add up in `judge`.

mod authorities;
mod copies;
mod form;
mod judge;
mod lay;
mod name;
mod parse;
mod signs;
mod skeleton;
mod slips;
#[cfg(test)]
mod tests;
mod twist;

pub use authorities::{Authorities, Authority};
pub(crate) use judge::shown_of;
pub use judge::{HostVerdict, Standing};
pub use name::{NotAHost, host_of, is_government, is_vouched_for, registrable};
pub use twist::{Lookalike, Trick};
