//! Where the processor's work is done: on as many threads as there are processors, never on the network's.
//!
//! tokio's own pool for such work has hundreds of threads: sixty large pages at once would then be decompressed and read side by side, all
//! their buffers in memory, none of them sooner done. Here they wait for their turn as the bytes that came, and the fetches behind
//! them wait with them. Start at [`Shared::think`].

use tokio::sync::Semaphore;

use super::{Failure, Shared};

/// Turns for work that keeps a processor busy.
pub(super) fn turns() -> Semaphore {
    Semaphore::new(std::thread::available_parallelism().map_or(2, usize::from))
}

impl Shared {
    /// Does the work when its turn comes.
    ///
    /// # Errors
    /// It panicked.
    pub(super) async fn think<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let broken = |error: &dyn std::fmt::Display| Failure::Broken(format!("处理页面的线程出错：{error}"));
        let _turn = self.turns.acquire().await.map_err(|error| broken(&error))?;
        tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))
    }
}
