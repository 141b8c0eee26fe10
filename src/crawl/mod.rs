//! Fetching from hostile servers: what may be asked, when, of whom, and how much of the answer is read.
//!
//! [`guard`] says which addresses are asked at all, [`resolver`] holds every connection to that, [`tls`] accepts broken
//! certificates of targets and writes down what was wrong, [`client`] sends one GET and follows its redirects, [`decode`] undoes content
//! codings within limits, [`robots`] reads what a site asks of us, [`retry`] says what is worth asking again and when,
//! [`frontier`] says whose turn it is, [`render`] shows a page in a browser that goes through the same guard. Nothing else in the
//! program opens a connection to the outside (mail excepted), and nothing here judges a page or writes to disk. Start at [`client::Fetcher`].

pub mod client;
pub mod decode;
pub mod existence;
pub mod frontier;
pub mod guard;
pub mod picture;
pub mod qr;
pub mod render;
pub mod resolver;
pub mod retry;
pub mod robots;
pub mod tls;
