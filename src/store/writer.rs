//! The one thread that writes: it takes queued change sets in the order of their submission, many at a time, applies them as
//! one transaction, makes them durable, and only then acknowledges them.
//!
//! While one group is being synced the next one gathers, so the cost of a sync is shared by whoever waits. A fault of the
//! database is sticky: every later set gets the same error until the store is opened again. Lack of room that was noticed
//! beforehand is not, because nothing was touched. Start at [`run`].

use std::{
    collections::VecDeque,
    ops::Bound,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake},
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};

use super::{
    engine::Engine,
    error::StoreError,
    space::Space,
    tables::Table,
    tx::{Overlay, Tx},
    watchdog::Busy,
};

/// So many sets, or so many bytes, at most share a transaction.
const GROUP_SETS: usize = 512;
const GROUP_BYTES: usize = 4 << 20;
/// How long further sets are waited for where the group before was one of several: others are then at work, and a sync costs the
/// processor as much as a page's reading, however many share it. Who commits alone waits for nobody.
const GATHERING: Duration = Duration::from_millis(5);

/// Tells a set's caller how it went.
type Ack = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Works a set out, or hands its caller an error at once. `None`: the caller has its answer already.
type Run = Box<dyn FnOnce(Result<&mut Tx<'_>, StoreError>) -> Option<Ack> + Send>;

/// A queued change set.
pub(super) struct Job {
    run: Run,
    bulk: bool,
    /// About how many bytes it brings.
    bytes: u64,
}

/// The answer to a submitted change set, which is under way whether or not anybody waits for it.
#[derive(Debug)]
#[must_use = "the set is acknowledged only when this has been awaited"]
pub struct Pending<T>(oneshot::Receiver<Result<T, StoreError>>);

impl<T> Future for Pending<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|answer| answer.unwrap_or(Err(StoreError::Closed)))
    }
}

impl<T> Pending<T> {
    /// Waits by putting the thread to sleep: for the few places that are not async.
    pub fn wait(self) -> Result<T, StoreError> {
        struct Unpark(std::thread::Thread);
        impl Wake for Unpark {
            fn wake(self: Arc<Self>) {
                self.0.unpark();
            }
        }
        let waker = Arc::new(Unpark(std::thread::current())).into();
        let mut answer = std::pin::pin!(self);
        loop {
            match answer.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(answer) => return answer,
                Poll::Pending => std::thread::park(),
            }
        }
    }
}

/// Makes a job of a step. `lost` is raised where the step is not applied.
pub(super) fn job<T: Send + 'static>(
    bulk: bool,
    bytes: u64,
    lost: Option<Arc<AtomicBool>>,
    step: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> (Job, Pending<T>) {
    let (send, answer) = oneshot::channel();
    // Raised unless lowered by success: a step that panics is dropped, and takes the guard with it.
    let guard = LostUnlessDone(lost);
    let run: Run = Box::new(move |tx| match tx.and_then(step) {
        Ok(value) => Some(Box::new(move |durable: Result<(), StoreError>| {
            if durable.is_ok() {
                guard.done();
            } else {
                drop(guard);
            }
            let _ = send.send(durable.map(|()| value));
        })),
        Err(error) => {
            drop(guard);
            let _ = send.send(Err(error));
            None
        }
    });
    (Job { run, bulk, bytes }, Pending(answer))
}

struct LostUnlessDone(Option<Arc<AtomicBool>>);

impl LostUnlessDone {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for LostUnlessDone {
    fn drop(&mut self) {
        if let Some(lost) = &self.0 {
            lost.store(true, Ordering::Release);
        }
    }
}

/// The writer's life. It ends when every sender is gone and the queue is empty.
pub(super) fn run(engine: &Engine, space: &Space, busy: &Busy, mut queue: mpsc::UnboundedReceiver<Job>) {
    let mut broken: Option<StoreError> = None;
    let mut waiting: VecDeque<Job> = VecDeque::new();
    let mut company = false;
    let mut noted = engine.scan(Table::Freed, Bound::Unbounded, Bound::Unbounded).count() as u64;
    loop {
        space.restore_ballast();
        if waiting.is_empty() {
            match queue.blocking_recv() {
                Some(job) => waiting.push_back(job),
                None => return,
            }
            if company {
                std::thread::sleep(GATHERING);
            }
        }
        while waiting.len() < GROUP_SETS
            && let Ok(job) = queue.try_recv()
        {
            waiting.push_back(job);
        }
        company = waiting.len() > 1;
        busy.begin();
        let mut group = Overlay::default();
        let mut acks = Vec::new();
        while group.bytes() < GROUP_BYTES
            && let Some(job) = waiting.pop_front()
        {
            let admitted = match &broken {
                Some(error) => Err(error.clone()),
                None => space.admit(group.bytes() as u64 + job.bytes, job.bulk),
            };
            acks.extend(work_out(engine, &mut group, job, admitted));
        }
        noted = group.note_freed(noted);
        if broken.is_none()
            && let Err(error) = engine.apply(&group)
        {
            tracing::error!(%error, "the store takes no more writes");
            broken = Some(error);
        }
        let outcome = broken.clone().map_or(Ok(()), Err);
        for ack in acks {
            ack(outcome.clone());
        }
        busy.end();
    }
}

fn work_out(engine: &Engine, group: &mut Overlay, job: Job, admitted: Result<(), StoreError>) -> Option<Ack> {
    let mut tx = Tx::new(engine, group);
    let ack = match catch_unwind(AssertUnwindSafe(|| (job.run)(admitted.map(|()| &mut tx)))) {
        Ok(ack) => ack,
        Err(panic) => {
            // The set's answer channel is gone with it, which its caller sees as `Closed`.
            tracing::error!(say = super::engine::panic_words(&*panic), "a step panicked; its set was not applied");
            None
        }
    };
    let writes = tx.into_writes();
    if ack.is_some() {
        group.absorb(writes);
    }
    ack
}
