//! Nothing is left behind: what Ctrl-C, SIGTERM or a lost terminal must still end and remove.
//!
//! A command that ends by itself, also by an error or a panic, cleans up by dropping its values. An
//! interrupt drops nothing, so whatever outlives a function is registered here as well.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, waitpid};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// What a shell reports for a command that SIGINT ended.
const INTERRUPTED: i32 = 130;

static LEFT: Mutex<Left> = Mutex::new(Left { groups: Vec::new(), directories: Vec::new() });

struct Left {
    groups: Vec<(Pid, Signal)>,
    directories: Vec<PathBuf>,
}

/// Makes an interrupt end every registered process group, remove every registered directory and exit.
pub(crate) fn clean_up_when_interrupted() -> Result<()> {
    let mut signals =
        Signals::new([SIGINT, SIGTERM, SIGHUP]).context("cannot listen for Ctrl-C")?;
    thread::spawn(move || {
        if signals.forever().next().is_some() {
            clean_up();
            exit(INTERRUPTED)
        }
    });
    Ok(())
}

fn clean_up() {
    let left = left();
    for &(group, signal) in &left.groups {
        let _gone_already = kill_process_group(group, signal);
    }
    for &(group, _) in &left.groups {
        let _reaped_elsewhere = waitpid(Some(group), WaitOptions::empty());
    }
    for directory in &left.directories {
        let _best_effort = fs::remove_dir_all(directory);
    }
    eprintln!("\ninterrupted; everything that was started has been stopped");
}

/// A process group that an interrupt ends, until this is dropped.
///
/// The child must lead a process group of its own (`process_group(0)`), so that its own children end
/// with it and the terminal's Ctrl-C reaches them in our order and not in its own.
pub(crate) struct Ending(Option<Pid>);

impl Ending {
    pub(crate) fn with(child: &Child, signal: Signal) -> Self {
        let group = pid_of(child);
        left().groups.extend(group.map(|group| (group, signal)));
        Self(group)
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        left().groups.retain(|(group, _)| Some(*group) != self.0);
    }
}

/// A directory that an interrupt removes, until this is dropped.
pub(crate) struct Removal(PathBuf);

impl Removal {
    pub(crate) fn of(directory: &Path) -> Self {
        left().directories.push(directory.to_owned());
        Self(directory.to_owned())
    }
}

impl Drop for Removal {
    fn drop(&mut self) {
        left().directories.retain(|directory| *directory != self.0);
    }
}

/// Sends `signal` to a child's process group; one that has ended already is no error.
pub(crate) fn send(child: &Child, signal: Signal) {
    if let Some(group) = pid_of(child) {
        let _gone_already = kill_process_group(group, signal);
    }
}

fn pid_of(child: &Child) -> Option<Pid> {
    i32::try_from(child.id()).ok().and_then(Pid::from_raw)
}

fn left() -> MutexGuard<'static, Left> {
    LEFT.lock().unwrap_or_else(PoisonError::into_inner)
}
