//! `strace` on some threads of a running gateway: it kills the process instead of letting it make a certain call.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;

use super::purchase::Afterwards;
use crate::gateway::Gateway;
use crate::interrupt::{self, Ending};

/// Some threads of the gateway, and one system call of theirs.
pub(super) struct Place {
    /// How the names of these threads begin.
    pub(super) threads: &'static str,
    /// As `strace` calls it.
    pub(super) call: &'static str,
    /// What follows a kill there; one kill for each.
    pub(super) afterwards: &'static [Afterwards],
}

impl std::fmt::Display for Place {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { threads, call, .. } = self;
        write!(formatter, "{call} of {threads}")
    }
}

/// An `strace` that is attached. Dropping it lets the gateway run on.
pub(super) struct Trace {
    process: Child,
    /// Kept open, so that nothing which it says later ends it.
    messages: BufReader<ChildStderr>,
    _ending: Ending,
}

impl Trace {
    /// From now on, `gateway` is killed when one of these threads is about to make its `nth` call.
    ///
    /// `strace` counts each thread's calls by itself, and the system does not make the call that a fatal signal precedes.
    pub(super) fn attach(gateway: &Gateway<'_>, place: &Place, nth: u32) -> Result<Self> {
        let threads = threads_of(gateway.id(), place.threads)?;
        let mut strace = Command::new("strace");
        strace
            .args(["-e", &format!("trace={}", place.call)])
            .args(["-e", &format!("inject={}:signal=SIGKILL:when={nth}", place.call)])
            .args(["-o", "/dev/null"])
            .args(threads.iter().flat_map(|thread| ["-p", thread]))
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = strace.spawn().context("cannot run strace")?;
        let ending = Ending::with(&process, Signal::TERM);
        let messages = process.stderr.take().context("strace without standard error")?;
        let mut trace = Self { process, messages: BufReader::new(messages), _ending: ending };
        for _ in &threads {
            trace.wait_until_attached()?;
        }
        Ok(trace)
    }

    /// `strace: Process 4711 attached`
    fn wait_until_attached(&mut self) -> Result<()> {
        let mut message = String::new();
        self.messages.read_line(&mut message)?;
        ensure!(
            message.contains(" attached"),
            "strace may not look at the gateway: {}; where the kernel asks for it, become root or set \
             kernel.yama.ptrace_scope to 0",
            message.trim()
        );
        Ok(())
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        interrupt::send(&self.process, Signal::TERM);
        let _reaped = self.process.wait();
    }
}

/// The ids of the threads whose names begin so; the system cuts names after 15 bytes.
fn threads_of(process: u32, name: &str) -> Result<Vec<String>> {
    let tasks = Path::new("/proc").join(process.to_string()).join("task");
    let mut found = Vec::new();
    for task in fs::read_dir(&tasks).with_context(|| format!("no {}", tasks.display()))? {
        let task = task?;
        let called = fs::read_to_string(task.path().join("comm")).unwrap_or_default();
        if called.starts_with(name) {
            found.push(task.file_name().to_string_lossy().into_owned());
        }
    }
    if found.is_empty() {
        bail!("no thread of the gateway is called {name}");
    }
    Ok(found)
}
