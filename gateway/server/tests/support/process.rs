//! A gateway in a process of its own.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use super::Client;

/// Everything that it writes is seen. Ends with the test, however that ends.
pub struct Process {
    child: Child,
    pub base: String,
}

impl Process {
    /// Starts a gateway in a folder, on a free port. What it logs is in the file `log` there.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_with(folder, arguments, &[])
    }

    /// The same with these files or folders in its environment.
    pub fn start_with(folder: &Path, arguments: &[&str], environment: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_purser"));
        command.envs(environment.iter().copied());
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).current_dir(folder);
        command.env("PURSER_LOG", "trace").stdout(Stdio::piped());
        let mut child = command.stderr(File::create(folder.join("log")).unwrap()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().find(|word| word.starts_with("http://"));
        let base = base.expect("the gateway says where it listens, or its log why it does not");
        Self { base: base.to_owned(), child }
    }

    pub fn client(&self, bearer: &str) -> Client {
        Client::new(&self.base, Some(bearer))
    }
}

impl Process {
    /// The most memory that it has held, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
