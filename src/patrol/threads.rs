//! Where the processor's work is done: on as many threads as there are processors, never on the network's.
//!
//! tokio's own pool for such work has hundreds of threads: sixty large pages at once would then be decompressed and read side by side, all
//! their buffers in memory, none of them sooner done. Here they wait for their turn as the bytes that came, and the fetches behind
//! them wait with them. The threads take one piece of work after another from one queue: with turns of a semaphore each page took three
//! wakings before the next one began. Start at [`Shared::think`].

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::{Failure, Shared};

/// Work that keeps a processor busy.
type Job = Box<dyn FnOnce() + Send>;

/// The way to the threads. They end with it, when the queue is empty.
pub(super) struct Thinkers(Arc<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    more: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Nothing will be added.
    closed: bool,
}

impl Thinkers {
    /// Starts the threads.
    ///
    /// # Errors
    /// The system gives none.
    pub(super) fn start() -> Result<Thinkers, Failure> {
        let thinkers = Thinkers(Arc::default());
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            let queue = Arc::clone(&thinkers.0);
            let thread = std::thread::Builder::new().name("reader".into());
            thread.spawn(move || queue.work()).map_err(|error| broken(&error))?;
        }
        Ok(thinkers)
    }
}

impl Drop for Thinkers {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.more.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.more.notify_one();
    }

    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            match waiting.jobs.pop_front() {
                None if waiting.closed => return None,
                None => waiting = self.more.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                job => return job,
            }
        }
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // Whoever waits for a piece of work that panics is told so by its answer's end; the others go on.
            let _ = catch_unwind(AssertUnwindSafe(job));
        }
    }
}

fn broken(error: &dyn std::fmt::Display) -> Failure {
    Failure::Broken(format!("处理页面的线程出错：{error}"))
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
        let (done, answer) = oneshot::channel();
        let job = move || {
            // Nobody waits for the work of a visit that was dropped.
            if !done.is_closed() {
                let _ = done.send(work());
            }
        };
        self.thinkers.0.add(Box::new(job));
        answer.await.map_err(|error| broken(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn work_that_panics_takes_no_thread_along_and_what_is_queued_is_done_before_the_end() {
        let thinkers = Thinkers::start().unwrap();
        for _ in 0..64 {
            thinkers.0.add(Box::new(|| std::panic::resume_unwind(Box::new("hostile"))));
        }
        let (told, heard) = mpsc::channel();
        for number in 0..64 {
            let told = told.clone();
            thinkers.0.add(Box::new(move || told.send(number).unwrap()));
        }
        drop((told, thinkers));
        let mut numbers: Vec<i32> = heard.iter().collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..64).collect::<Vec<_>>());
    }
}
