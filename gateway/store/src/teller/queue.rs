//! The queue in front of the writer.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use purser_core::command::Prepared;
use tokio::sync::oneshot;

use super::{SubmitError, TellerCounts, Writer, batch::Verdict, counts::Counting};
use crate::{Connection, OpenError, StoreError};

/// More than this many commands wait longer than their callers want to.
pub(super) const QUEUE_MAX: usize = 1_024;
/// As many as one transaction decides before it answers the first.
pub(super) const TURN_MAX: usize = 256;

/// The way to the writer thread.
pub(crate) struct Teller {
    queue: SyncSender<Job>,
    counting: Arc<Counting>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What waits in the queue.
pub(super) enum Job {
    Command(Box<CommandJob>),
    Change(ChangeJob),
    Stop,
}

/// A command, and whoever waits for its answer.
pub(super) struct CommandJob {
    pub(super) prepared: Arc<Prepared>,
    pub(super) answer: oneshot::Sender<Verdict>,
}

/// A small change, and what to do when its transaction has ended.
pub(super) struct ChangeJob(Box<dyn FnOnce(&mut Connection) -> Changed + Send>);

/// A change that ran, and waits for its transaction to end.
pub(super) struct Changed {
    pub(super) keep: bool,
    pub(super) answer: Box<dyn FnOnce(Result<(), StoreError>)>,
}

impl Teller {
    /// Starts the writer thread.
    pub(crate) fn start(writer: Writer) -> Result<Self, OpenError> {
        let (queue, jobs) = sync_channel(QUEUE_MAX);
        let counting = Arc::clone(&writer.counting);
        let thread = thread::Builder::new().name("teller".to_owned());
        let thread = thread.spawn(move || serve(writer, &jobs));
        let thread = thread.map_err(|error| OpenError::Connect(error.to_string()))?;
        Ok(Self { queue, counting, thread: Mutex::new(Some(thread)) })
    }

    /// Queues a command and waits for its answer.
    pub(crate) async fn submit(&self, prepared: Arc<Prepared>) -> Verdict {
        let prepared = match prepared.own_claim() {
            Some(claim) => {
                Arc::new(Prepared { key: Some(claim), ..Arc::unwrap_or_clone(prepared) })
            }
            None => prepared,
        };
        let (answer, answered) = oneshot::channel();
        let job = Job::Command(Box::new(CommandJob { prepared, answer }));
        self.enqueue(job).map_err(|error| match error {
            TrySendError::Full(_) => SubmitError::Overloaded,
            TrySendError::Disconnected(_) => SubmitError::Unavailable,
        })?;
        answered.await.unwrap_or(Err(SubmitError::Unavailable))
    }

    /// Queues a small change.
    pub(crate) fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job::Change(ChangeJob(Box::new(move |conn| {
            let done = change(conn);
            let keep = done.is_ok();
            // Whoever asked may have gone; the change is made all the same.
            let answer =
                move |committed: Result<(), StoreError>| drop(answer.send(committed.and(done)));
            Changed { keep, answer: Box::new(answer) }
        })));
        self.enqueue(job).map_err(|_| StoreError::Unavailable)?;
        Ok(answered)
    }

    /// Counted before it is queued, because it may leave the queue at once.
    fn enqueue(&self, job: Job) -> Result<(), TrySendError<Job>> {
        self.counting.queued();
        self.queue.try_send(job).inspect_err(|_| self.counting.left_queue())
    }

    /// What was done, and what waits.
    pub(crate) fn counts(&self) -> TellerCounts {
        self.counting.now()
    }

    /// Answers what has queued, and ends the thread. What comes later is refused as unavailable.
    pub(crate) fn stop(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        if self.queue.send(Job::Stop).is_ok() && thread.join().is_err() {
            tracing::error!("the teller panicked");
        }
    }
}

impl ChangeJob {
    pub(super) fn run(self, conn: &mut Connection) -> Changed {
        (self.0)(conn)
    }
}

/// Takes whatever has queued, without waiting for more, until it is told to stop or nobody is left to ask.
fn serve(mut writer: Writer, jobs: &Receiver<Job>) {
    while let Ok(first) = jobs.recv() {
        let (mut commands, mut changes) = (Vec::new(), Vec::new());
        let mut next = Some(first);
        let mut stopped = false;
        while let Some(job) = next {
            match job {
                Job::Command(command) => commands.push(*command),
                Job::Change(change) => changes.push(change),
                Job::Stop => stopped = true,
            }
            if !stopped {
                writer.counting.left_queue();
            }
            let full = commands.len().saturating_add(changes.len()) >= TURN_MAX;
            next = if stopped || full { None } else { jobs.try_recv().ok() };
        }
        if !changes.is_empty() {
            writer.change(changes);
        }
        if !commands.is_empty() {
            writer.decide(commands);
        }
        if stopped {
            return;
        }
    }
}
