//! SIGINT and SIGTERM: the first asks the work to park, the second, or ten seconds, ends the process.
//!
//! Nothing is lost by the hard end: what counts is on disk before it is told, and the next start goes on from there.

use std::time::Duration;

use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// CONTRACT.md allows ten seconds; the rest is for the process's own end.
const PATIENCE: Duration = Duration::from_millis(9_000);

/// Turns true when the work is to be parked.
pub(super) fn on_signal() -> std::io::Result<watch::Receiver<bool>> {
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        eprintln!("正在停下：放好手头的活，最多 10 秒；再按一次立即退出。");
        stop.send_replace(true);
        // On its own thread: the runtime may be the very thing that hangs.
        std::thread::spawn(|| {
            std::thread::sleep(PATIENCE);
            std::process::exit(super::Exit::NotDone as i32);
        });
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        std::process::exit(super::Exit::NotDone as i32);
    });
    Ok(stopped)
}
